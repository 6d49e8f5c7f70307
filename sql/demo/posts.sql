-- The posts of the demo company: 1,200 people in 131 real occupations.
--
-- tier: 1 chief executive, 2 directors, 3 managers, 4 staff.  The order within
-- a unit is the order in which teams are filled, so neighbours work together.
-- The codes are those of O*NET (see NOTICE); the short roles are ours.
-- make_data.py reads the codes it has to extract from this file.

CREATE TABLE demo.post (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    unit        text NOT NULL,
    tier        integer NOT NULL CHECK (tier BETWEEN 1 AND 4),
    people      integer NOT NULL CHECK (people > 0),
    occupation  text NOT NULL REFERENCES demo.occupation,
    role        text NOT NULL
);

COMMENT ON TABLE demo.post IS
'How many people of which occupation work in which unit of the demo company.';

COPY demo.post (unit, tier, people, occupation, role) FROM stdin;
Executive	1	1	11-1011.00	Chief Executive
Production	2	1	11-1021.00	Director of Production
Production	3	16	51-1011.00	Production Supervisor
Production	3	6	11-3051.00	Production Manager
Production	4	40	51-2092.00	Team Assembler
Production	4	36	51-2022.00	Electronics Assembler
Production	4	24	51-2023.00	Electromechanical Assembler
Production	4	20	51-9111.00	Filling Machine Operator
Production	4	20	51-4072.00	Molding Machine Operator
Production	4	26	51-9161.00	CNC Operator
Production	4	10	51-9162.00	CNC Programmer
Production	4	22	51-4041.00	Machinist
Production	4	10	51-4111.00	Tool and Die Maker
Production	4	14	51-9082.00	Medical Appliance Technician
Production	4	10	17-3024.00	Mechatronics Technician
Production	4	10	17-3026.00	Industrial Engineering Technician
Production	4	8	17-2112.00	Industrial Engineer
Production	4	10	17-2112.03	Manufacturing Engineer
Quality	2	1	11-3051.01	Director of Quality
Quality	3	6	11-3051.01	Quality Manager
Quality	3	3	11-9199.01	Regulatory Affairs Manager
Quality	4	22	51-9061.00	Inspector
Quality	4	6	17-3029.01	Non-Destructive Tester
Quality	4	10	19-4031.00	Chemical Technician
Quality	4	18	19-4099.01	Quality Control Analyst
Quality	4	13	17-2112.02	Validation Engineer
Quality	4	12	13-1041.07	Regulatory Affairs Specialist
Quality	4	4	15-1299.03	Document Manager
Supply Chain	2	1	11-3071.04	Director of Supply Chain
Supply Chain	3	2	53-1042.00	Warehouse Supervisor
Supply Chain	3	2	53-1043.00	Fleet Supervisor
Supply Chain	3	4	11-3071.00	Distribution Manager
Supply Chain	3	3	11-3061.00	Purchasing Manager
Supply Chain	4	26	53-7065.00	Stocker
Supply Chain	4	14	53-7064.00	Packer
Supply Chain	4	16	53-7051.00	Forklift Driver
Supply Chain	4	24	43-5071.00	Shipping Clerk
Supply Chain	4	5	43-5011.01	Freight Forwarder
Supply Chain	4	12	43-5061.00	Production Planning Clerk
Supply Chain	4	8	13-1081.00	Logistician
Supply Chain	4	7	13-1081.02	Logistics Analyst
Supply Chain	4	8	43-3061.00	Procurement Clerk
Supply Chain	4	10	13-1023.00	Purchasing Agent
Engineering	2	1	11-9041.00	Director of Engineering
Engineering	3	13	11-9041.00	Engineering Manager
Engineering	4	16	17-2031.00	Biomedical Engineer
Engineering	4	8	17-2131.00	Materials Engineer
Engineering	4	18	17-2141.00	Mechanical Engineer
Engineering	4	10	17-3027.00	Mechanical Engineering Technician
Engineering	4	8	17-3013.00	Mechanical Drafter
Engineering	4	8	17-2199.05	Mechatronics Engineer
Engineering	4	6	17-2199.08	Robotics Engineer
Engineering	4	10	17-2071.00	Electrical Engineer
Engineering	4	12	17-2072.00	Electronics Engineer
Engineering	4	12	17-3023.00	Electronics Technician
Engineering	4	6	17-2112.01	Human Factors Engineer
Engineering	4	6	27-1021.00	Industrial Designer
IT and Data	2	1	11-3021.00	Director of IT
IT and Data	3	7	11-3021.00	IT Manager
IT and Data	3	4	15-1299.09	IT Project Manager
IT and Data	4	16	15-1232.00	User Support Specialist
IT and Data	4	6	15-1231.00	Network Support Specialist
IT and Data	4	9	15-1244.00	Systems Administrator
IT and Data	4	5	15-1212.00	Information Security Analyst
IT and Data	4	22	15-1251.00	Programmer
IT and Data	4	9	15-1253.00	Software Tester
IT and Data	4	7	15-1254.00	Web Developer
IT and Data	4	8	15-1211.00	Systems Analyst
IT and Data	4	4	15-1242.00	Database Administrator
IT and Data	4	5	15-2051.01	Business Intelligence Analyst
IT and Data	4	4	15-1243.01	Data Warehouse Specialist
IT and Data	4	3	15-2041.00	Statistician
IT and Data	4	2	15-1221.00	Computer Scientist
Clinical	2	1	11-9121.00	Director of Clinical Affairs
Clinical	3	5	11-9111.00	Health Services Manager
Clinical	3	2	11-9121.01	Clinical Research Lead
Clinical	3	2	11-9121.00	Science Manager
Clinical	4	12	31-9092.00	Medical Assistant
Clinical	4	12	29-2012.00	Laboratory Technician
Clinical	4	10	29-2011.00	Laboratory Technologist
Clinical	4	20	29-1141.00	Registered Nurse
Clinical	4	3	29-1141.04	Clinical Nurse Specialist
Clinical	4	9	11-9121.01	Clinical Research Coordinator
Clinical	4	8	15-2051.02	Clinical Data Manager
Clinical	4	4	15-2041.01	Biostatistician
Clinical	4	5	19-1042.00	Medical Scientist
Clinical	4	2	19-1041.00	Epidemiologist
Sales and Service	2	1	11-2022.00	Director of Sales
Sales and Service	3	4	41-1012.00	Sales Supervisor
Sales and Service	3	6	11-2022.00	Sales Manager
Sales and Service	3	2	49-1011.00	Field Service Supervisor
Sales and Service	4	30	43-4051.00	Customer Service Agent
Sales and Service	4	14	43-4151.00	Order Clerk
Sales and Service	4	14	41-4012.00	Sales Representative
Sales and Service	4	28	41-4011.00	Technical Sales Representative
Sales and Service	4	14	41-9031.00	Sales Engineer
Sales and Service	4	20	49-9062.00	Medical Equipment Repairer
Marketing	2	1	11-2021.00	Director of Marketing
Marketing	3	3	11-2021.00	Marketing Manager
Marketing	3	2	11-2011.00	Advertising Manager
Marketing	4	16	13-1161.00	Market Research Analyst
Marketing	4	7	27-1024.00	Graphic Designer
Marketing	4	8	27-3042.00	Technical Writer
Marketing	4	4	27-3091.00	Translator
Marketing	4	6	27-3031.00	Public Relations Specialist
Marketing	4	4	13-1121.00	Event Planner
Finance	2	1	11-3031.01	Director of Finance
Finance	3	4	11-3031.00	Finance Manager
Finance	3	1	11-3031.01	Controller
Finance	4	12	43-3031.00	Bookkeeper
Finance	4	6	43-3021.00	Billing Clerk
Finance	4	5	43-3051.00	Payroll Clerk
Finance	4	12	13-2011.00	Accountant
Finance	4	3	13-2031.00	Budget Analyst
Finance	4	2	13-2041.00	Credit Analyst
Finance	4	5	13-1111.00	Management Analyst
People	2	1	11-3121.00	Director of People
People	3	2	11-3121.00	Human Resources Manager
People	3	1	11-3131.00	Training Manager
People	3	1	11-3111.00	Compensation Manager
People	4	10	43-4161.00	Human Resources Assistant
People	4	11	13-1071.00	Human Resources Specialist
People	4	7	13-1151.00	Training Specialist
People	4	2	19-3032.00	Organisational Psychologist
People	4	5	13-1141.00	Compensation Analyst
Legal	2	1	23-1011.00	General Counsel
Legal	3	2	11-9199.02	Compliance Manager
Legal	4	3	43-6012.00	Legal Secretary
Legal	4	6	23-2011.00	Paralegal
Legal	4	5	23-1011.00	Lawyer
Legal	4	4	13-1041.00	Compliance Officer
Facilities	2	1	11-3012.00	Director of Facilities
Facilities	3	2	43-1011.00	Office Supervisor
Facilities	3	2	11-3013.00	Facilities Manager
Facilities	4	4	43-4171.00	Receptionist
Facilities	4	5	43-9061.00	Office Clerk
Facilities	4	9	43-6014.00	Secretary
Facilities	4	5	43-6011.00	Executive Secretary
Facilities	4	6	49-9071.00	Maintenance Technician
Facilities	4	4	33-9032.00	Security Guard
Facilities	4	4	19-5011.00	Safety Specialist
\.
