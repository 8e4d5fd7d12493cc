// Philox 4x64 with 10 rounds, word for word the stream of numpy.random.Philox(key=key, counter=counter):
// NumPy adds one to the counter before each block of four words, so block i is made from counter + 1 + i.
// One thread makes one block.

typedef unsigned long long word;

__device__ inline void philox_round(word c[4], word k0, word k1) {
    const word m0 = 0xD2E7470EE14C6C93ull, m1 = 0xCA5A826395121157ull;
    const word high0 = __umul64hi(m0, c[0]), low0 = m0 * c[0];
    const word high1 = __umul64hi(m1, c[2]), low1 = m1 * c[2];
    c[0] = high1 ^ c[1] ^ k0;
    c[1] = low1;
    c[2] = high0 ^ c[3] ^ k1;
    c[3] = low0;
}

__device__ inline void add_with_carry(word c[4], word amount) {
    c[0] += amount;
    word carry = c[0] < amount;
    for (int i = 1; i < 4; ++i) {
        c[i] += carry;
        carry = carry && c[i] == 0;
    }
}

template <typename Word>
__global__ void philox(Word k0, Word k1, Word c0, Word c1, Word c2, Word c3, Word count, Word* out) {
    const word block = (word)blockIdx.x * blockDim.x + threadIdx.x;
    if (4 * block >= count) return;
    word c[4] = {c0, c1, c2, c3};
    add_with_carry(c, 1);
    add_with_carry(c, block);
    word a = k0, b = k1;
    for (int i = 0; i < 10; ++i) {
        philox_round(c, a, b);
        a += 0x9E3779B97F4A7C15ull;
        b += 0xBB67AE8584CAA73Bull;
    }
    for (int i = 0; i < 4 && 4 * block + i < count; ++i) out[4 * block + i] = c[i];
}
