/// What a machine can do at most, and what that means for a program.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "lanewise/isa.hpp"
#include "lanewise/options.hpp"
#include "lanewise/precision.hpp"
#include "lanewise/program.hpp"

namespace lanewise {

/// The throughput of one thread, measured: nanoseconds for one number, of a vector's many, with as many
/// results under way as hide latencies.
struct Limits {
    double add, fma, add_and_fma;  ///< products and sums; add_and_fma: when they come by turns
    double select;                 ///< minimum, maximum, comparison and the like
    double all_by_turns;           ///< add, fma and twice select
    double divide, square_root;
    /// Correctly rounded quotient and root from the processor's estimate by Newton's method, without the
    /// cases of subnormals and overflow (kernels/newton.hpp). SSE2 and NEON have none.
    struct Newton {
        double divide, square_root;
    };
    std::optional<Newton> newton;
    /// Reading and writing what lies in the first or second cache, or in memory.
    double l1_load, l1_store, l2_load, l2_store, memory_load, memory_store;
    /// The language's functions as the interpreter runs them, by name: "exp", "sincos", ...
    std::map<std::string, double> functions;
};

/// Measures for about 0.3 s, on the calling thread. \throws std::invalid_argument when `isa` is not
/// available.
Limits measure_limits(Isa isa, Precision precision);

/// What value, gradient and step take for one run and iteration.
struct Operations {
    std::size_t adds = 0;  ///< sums and differences
    std::size_t multiplies = 0;
    std::size_t fmas = 0;     ///< fused multiply-adds
    std::size_t selects = 0;  ///< minima, maxima, comparisons and what is chosen by them
    std::size_t divides = 0;
    std::size_t square_roots = 0;
    std::map<std::string, std::size_t> functions;

    /// Floating point operations: two for a fused one, one for a function.
    std::size_t flops() const noexcept;
};

Operations operations_of(const Program& program, Method method);

/// The least time for one run and iteration on one thread.
struct Least {
    /// What the busier of two is occupied: the divider, or the adders and multipliers with all else, whether
    /// they compute functions, compare, or take roots or quotients by Newton's method; the other hidden
    /// behind it.
    double nanoseconds;
    bool divider;  ///< it is the divider
    /// With which roots, or quotients, it is least: all by Newton's method, or all by the divider.
    bool newton_roots, newton_quotients;
};

/// It can be reached as long as the state is near.
Least least_time(const Operations& operations, const Limits& limits);

}  // namespace lanewise
