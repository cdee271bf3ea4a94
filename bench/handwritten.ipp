// The hand-written objectives for one instruction set.
#include <numbers>

#include "handwritten.hpp"
#include "simd.hpp"
#include "sincos.hpp"

namespace lanewise::bench {
namespace {

using kernels::Batch;
using kernels::fma;
using kernels::fnma;
using kernels::load;
using kernels::store;

using B = Batch<double>;

void sphere(const Rows& rows) {
    for (std::size_t lane = 0; lane < rows.lanes; lane += B::size) {
        B f(0.0);
        for (std::size_t at = lane; at < rows.dimension * rows.lanes; at += rows.lanes) {
            const B x = load(rows.x + at);
            f = fma(x, x, f);
            store(rows.g + at, x + x);
        }
        store(rows.f + lane, f);
    }
}

void rosenbrock(const Rows& rows) {
    for (std::size_t lane = 0; lane < rows.lanes; lane += B::size) {
        const double* x = rows.x + lane;
        double* g = rows.g + lane;
        B f(0.0);
        B carried(0.0);
        B here = load(x);
        for (std::size_t j = 0; j + 1 < rows.dimension; ++j) {
            const B next = load(x + (j + 1) * rows.lanes);
            const B bend = fnma(here, here, next);
            const B rest = B(1.0) - here;
            const B pull = B(200.0) * bend;
            f = fma(B(100.0) * bend, bend, fma(rest, rest, f));
            store(g + j * rows.lanes, fnma(pull + pull, here, fnma(B(2.0), rest, carried)));
            carried = pull;
            here = next;
        }
        store(g + (rows.dimension - 1) * rows.lanes, carried);
        store(rows.f + lane, f);
    }
}

void rastrigin(const Rows& rows) {
    constexpr double two_pi = 2 * std::numbers::pi;
    for (std::size_t lane = 0; lane < rows.lanes; lane += B::size) {
        B f(10.0 * static_cast<double>(rows.dimension));
        for (std::size_t at = lane; at < rows.dimension * rows.lanes; at += rows.lanes) {
            const B x = load(rows.x + at);
            const auto waves = kernels::sincos(B(two_pi) * x);
            f = fma(x, x, fnma(B(10.0), waves.cos, f));
            store(rows.g + at, fma(B(10.0 * two_pi), waves.sin, x + x));
        }
        store(rows.f + lane, f);
    }
}

}  // namespace

extern const Handwritten LANEWISE_TABLE = {sphere, rosenbrock, rastrigin};

}  // namespace lanewise::bench
