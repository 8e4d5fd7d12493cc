// out[numbers[p]] += source[order[p]] for rows of `width`, where `numbers` is sorted and `order` is the stable sort
// order. One thread adds up one column of one row from first to last, so the sum is the same from run to run, and
// the same as numpy.add.at's to the last bit. Row numbers outside `rows` are left out.

template <typename T>
__global__ void scatter_add(const long long* numbers, const long long* order, const T* source, T* out,
                            long long rows, long long count, long long width) {
    const long long place = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (place >= count * width) return;
    const long long first = place / width, column = place % width, row = numbers[first];
    if (row < 0 || row >= rows || (first > 0 && numbers[first - 1] == row)) return;
    T sum = out[row * width + column];
    for (long long p = first; p < count && numbers[p] == row; ++p) sum += source[order[p] * width + column];
    out[row * width + column] = sum;
}
