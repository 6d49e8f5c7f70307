/*
 * ties_order.h
 *	  selecting and sorting 64-bit keys in bounded room
 *
 * Part of ties_bits.c.  Both are linear in the number of keys and neither
 * calls itself.
 */

/*
 * Bring the "want" lowest of n different keys to the front: divide the range
 * the border falls into by the highest bit in which its keys differ.  That
 * bit falls from round to round, so there are at most 64 rounds whatever the
 * keys, and few if they are spread at all.
 */
static void
keep_lowest(uint64_t *key, int64_t n, int64_t want)
{
	int64_t		lo = 0;
	int64_t		hi = n;

	while (lo < want && want < hi)
	{
		int64_t		mid = lo;
		uint64_t	differ = 0;
		uint64_t	bit;

		mtr_poll();
		for (int64_t k = lo; k < hi; k++)
			differ |= key[k] ^ key[lo];
		bit = UINT64_C(1) << (63 - __builtin_clzll(differ));
		for (int64_t k = lo; k < hi; k++)
		{
			uint64_t	x = key[k];

			/* keys without the bit come before mid, those with it after */
			key[k] = key[mid];
			key[mid] = x;
			mid += (x & bit) == 0;
		}
		if (want <= mid)
			hi = mid;
		else
			lo = mid;
	}
}

/*
 * Sort by digits of 8 bits, lowest first, using as much room behind the keys.
 * Digits in which all keys agree are passed over: scores in one batch are
 * close to each other, and no problem needs all bits of the index.
 */
static void
sort_keys(uint64_t *key, int64_t n)
{
	uint64_t   *from = key;
	uint64_t   *to = key + n;
	uint64_t	differ = 0;

	for (int64_t k = 1; k < n; k++)
		differ |= key[k] ^ key[0];
	for (int shift = 0; shift < 64; shift += 8)
	{
		int64_t		start[256] = {0};
		int64_t		sum = 0;
		uint64_t   *swap = from;

		mtr_poll();
		if (((differ >> shift) & 255) == 0)
			continue;
		for (int64_t k = 0; k < n; k++)
			start[(from[k] >> shift) & 255]++;
		for (int digit = 0; digit < 256; digit++)
		{
			int64_t		count = start[digit];

			start[digit] = sum;
			sum += count;
		}
		for (int64_t k = 0; k < n; k++)
			to[start[(from[k] >> shift) & 255]++] = from[k];
		from = to;
		to = swap;
	}
	if (from != key)
		memcpy(key, from, n * sizeof(uint64_t));
}
