<?php
// moodle_db.php: what of Moodle's $DB the example moodle.php meets, where no
// Moodle is at hand
//
// It behaves as Moodle's driver for PostgreSQL does where that matters to us:
// {table} and three styles of parameters, booleans sent as 0 and 1, no
// semicolon in execute(), records as objects of strings by their first column,
// only tables of Moodle's own prefix for insert_record(); and in a transaction
// a savepoint, renewed after each execute() but not after what only reads, to
// which an error goes back.

const IGNORE_MISSING = 0;
const MUST_EXIST = 2;

class dml_exception extends Exception
{
    public function __construct(public string $errorcode, string $more = '')
    {
        parent::__construct("$errorcode $more");
    }
}

// The server's message is not the exception's, but in $error.
class dml_read_exception extends dml_exception
{
    public function __construct(public ?string $error, string $errorcode = 'dmlreadexception')
    {
        parent::__construct($errorcode);
    }
}

class dml_write_exception extends dml_read_exception
{
    public function __construct(?string $error)
    {
        parent::__construct($error, 'dmlwriteexception');
    }
}

class coding_exception extends Exception
{
}

class moodle_transaction
{
    public function __construct(private pgsql_native_moodle_database $db)
    {
    }

    public function allow_commit(): void
    {
        $this->db->commit_delegated_transaction($this);
    }

    // Never returns.
    public function rollback(Throwable $error): void
    {
        $this->db->rollback_delegated_transaction($this, $error);
    }
}

class pgsql_native_moodle_database
{
    public array $warnings = [];
    private array $transactions = [];
    private bool $is_doomed = false;
    private $connection;

    public function __construct(private string $prefix = 'mdl_')
    {
        $this->connection = pg_connect('');
    }

    public function get_records_sql(string $sql, ?array $params = null): array
    {
        $records = [];
        foreach (pg_fetch_all($this->run($sql, $params, false)) as $row) {
            $key = reset($row);
            if (isset($records[$key])) {
                $this->warnings[] = "duplicate value '$key' in the first column";
            }
            $records[$key] = (object) $row;
        }
        return $records;
    }

    public function get_record_sql(string $sql, ?array $params = null,
        int $strictness = IGNORE_MISSING)
    {
        $records = $this->get_records_sql($sql, $params);
        if ($records === [] && $strictness === MUST_EXIST) {
            throw new dml_exception('invalidrecord');
        }
        return reset($records);
    }

    public function execute(string $sql, ?array $params = null): bool
    {
        if (str_contains($sql, ';')) {
            throw new coding_exception('Multiple sql statements found');
        }
        $this->run($sql, $params, true);
        return true;
    }

    public function insert_record(string $table, $record): int
    {
        $values = (array) $record;
        $columns = pg_query_params($this->connection, "SELECT a.attname
              FROM pg_class c
              JOIN pg_namespace n ON n.oid = c.relnamespace
              JOIN pg_attribute a ON a.attrelid = c.oid
             WHERE n.nspname = current_schema() AND c.relkind = 'r'
               AND c.relname = $1 AND a.attnum > 0", [$this->prefix . $table]);
        if (pg_num_rows($columns) === 0) {
            throw new dml_exception('ddltablenotexist', $table);
        }
        $names = array_intersect(pg_fetch_all_columns($columns), array_keys($values));
        $values = array_map(fn ($name) => $values[$name], $names);
        $sql = sprintf('INSERT INTO {%s} (%s) VALUES (%s) RETURNING id', $table,
            implode(', ', $names), implode(', ', array_fill(0, count($names), '?')));
        return (int) pg_fetch_result($this->run($sql, $values, true), 0, 0);
    }

    public function start_delegated_transaction(): moodle_transaction
    {
        $this->transactions[] = $transaction = new moodle_transaction($this);
        if (count($this->transactions) === 1) {
            pg_query($this->connection,
                'BEGIN ISOLATION LEVEL READ COMMITTED; SAVEPOINT moodle_pg_savepoint');
        }
        return $transaction;
    }

    public function commit_delegated_transaction(moodle_transaction $transaction): void
    {
        if ($this->is_doomed || $transaction !== end($this->transactions)) {
            $this->is_doomed = true;
            throw new dml_exception('dmltransactionexception');
        }
        array_pop($this->transactions);
        if ($this->transactions === []) {
            pg_query($this->connection, 'RELEASE SAVEPOINT moodle_pg_savepoint; COMMIT');
        }
    }

    public function rollback_delegated_transaction(moodle_transaction $transaction,
        Throwable $error): void
    {
        $this->is_doomed = true;
        if ($transaction === end($this->transactions)) {
            array_pop($this->transactions);
            if ($this->transactions === []) {
                pg_query($this->connection, 'RELEASE SAVEPOINT moodle_pg_savepoint; ROLLBACK');
                $this->is_doomed = false;
            }
        }
        throw $error;
    }

    private function run(string $sql, ?array $params, bool $is_write)
    {
        [$sql, $params] = $this->to_dollars($sql, $params ?? []);
        $result = @pg_query_params($this->connection, $sql, $params);
        $error = pg_last_error($this->connection);
        if ($this->transactions !== [] && ($result === false || $is_write)) {
            $verb = $result === false ? 'ROLLBACK TO' : 'RELEASE';
            pg_query($this->connection,
                "$verb SAVEPOINT moodle_pg_savepoint; SAVEPOINT moodle_pg_savepoint");
        }
        if ($result === false) {
            throw $is_write ? new dml_write_exception($error) : new dml_read_exception($error);
        }
        return $result;
    }

    // {table}, and ?, :name or $1 to what libpq takes
    private function to_dollars(string $sql, array $params): array
    {
        $sql = preg_replace('/\{([a-z][a-z0-9_]*)\}/', $this->prefix . '$1', $sql);
        $params = array_map(fn ($value) => is_bool($value) ? (int) $value : $value, $params);
        $found = array_filter(array_map(function (string $pattern) use ($sql) {
            preg_match_all($pattern, $sql, $matches);
            return $matches[0];
        }, [
            'named' => '/(?<!:):[a-z][a-z0-9_]*/',
            'dollar' => '/\$[1-9][0-9]*/',
            'mark' => '/\?/',
        ]));
        if (count($found) > 1) {
            throw new dml_exception('mixedtypesqlparam');
        }
        if ($found === []) {
            return [$sql, []];
        }
        $style = key($found);
        $names = $found[$style];
        if (count($names) > count($params)) {
            throw new dml_exception('invalidqueryparam',
                'Expected ' . count($names) . ', got ' . count($params));
        }
        if ($style === 'dollar') {
            return [$sql, array_values($params)];
        }
        if ($style === 'named') {
            if (count(array_unique($names)) < count($names)) {
                throw new dml_exception('duplicateparaminsql');
            }
            $params = array_map(function (string $name) use ($params) {
                $name = substr($name, 1);
                if (!array_key_exists($name, $params)) {
                    throw new dml_exception('missingkeyinsql', $name);
                }
                return $params[$name];
            }, $names);
        }
        $number = 0;
        $sql = preg_replace_callback($style === 'named' ? '/(?<!:):[a-z][a-z0-9_]*/' : '/\?/',
            function () use (&$number) {
                return '$' . ++$number;
            }, $sql);
        return [$sql, array_slice(array_values($params), 0, $number)];
    }
}
