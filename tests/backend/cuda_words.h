// Stands in for the words of CUDA that the kernels use, so that a C++ compiler takes their source.
#define __device__
#define __global__

struct Place {
    unsigned x;
};
static thread_local Place blockIdx, blockDim, threadIdx;

static unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return (unsigned long long)(((unsigned __int128)a * b) >> 64);
}

template <typename Kernel, typename... Arguments>
static void launch(Kernel kernel, unsigned blocks, unsigned threads, Arguments... arguments) {
    blockDim.x = threads;
    for (blockIdx.x = 0; blockIdx.x < blocks; ++blockIdx.x)
        for (threadIdx.x = 0; threadIdx.x < threads; ++threadIdx.x) kernel(arguments...);
}
