// Learning error of the subspace model along a path, for a stack of draws, without temporaries:
// the CUDA form of subspace_path in paths.py, which says what it is.
//
// With g_i = f_i - b v_i it is |b I + sum_i g_i v_i'|^2 + s2 (b^2 d + sum_i (|f_i|^2 - b^2 |v_i|^2)).
// One block for each point and draw; its threads hold one TILE x TILE tile of the d x d matrix at a
// time, summed over eigenvectors i in steps of TILE through shared memory.

#ifndef TILE
#define TILE 16  // a power of 2; blocks are TILE x TILE threads
#endif

extern "C" __global__ void subspace_path(
    const double* rho,       // (draws, points, count)
    const double* gain,      // (draws, points, count), not read unless drawn
    const double* rows,      // (draws, count, d): v_i
    const double* residual,  // (draws, count, d), not read unless drawn
    double s2,
    long long points,
    long long count,
    long long d,
    long long drawn,
    double* out)             // (draws, points)
{
    __shared__ double left[TILE][TILE + 1];
    __shared__ double right[TILE][TILE + 1];
    __shared__ double sums[TILE * TILE];

    const long long at = (long long)blockIdx.y * points + blockIdx.x;
    const int y = threadIdx.y, x = threadIdx.x, self = y * TILE + x;
    const double b = 1.0 / (1.0 + s2);
    rho += at * count;
    gain += at * count;
    rows += (long long)blockIdx.y * count * d;
    residual += (long long)blockIdx.y * count * d;

    double squares = 0.0, sizes = 0.0;
    for (long long top = 0; top < d; top += TILE) {
        for (long long side = 0; side < d; side += TILE) {
            double entry = 0.0;
            for (long long first = 0; first < count; first += TILE) {
                // Thread (y, x) fetches eigenvector first + y, coordinates top + x and side + x.
                const long long i = first + y;
                double g = 0.0, v = 0.0;
                if (i < count && top + x < d) {
                    const double own = b * rows[i * d + top + x];
                    double f = rho[i] * own;
                    if (drawn) f -= gain[i] * residual[i * d + top + x];
                    if (side == 0) sizes += f * f - own * own;  // every coordinate once
                    g = f - own;
                }
                if (i < count && side + x < d) v = rows[i * d + side + x];
                left[y][x] = g;
                right[y][x] = v;
                __syncthreads();
                for (int k = 0; k < TILE; ++k) entry += left[k][y] * right[k][x];
                __syncthreads();  // before the next step overwrites them
            }
            if (top + y < d && side + x < d) {
                if (top + y == side + x) entry += b;
                squares += entry * entry;
            }
        }
    }

    sums[self] = squares + s2 * sizes;
    for (int half = TILE * TILE / 2; half > 0; half /= 2) {
        __syncthreads();
        if (self < half) sums[self] += sums[self + half];
    }
    if (self == 0) out[at] = sums[0] + s2 * b * b * (double)d;
}
