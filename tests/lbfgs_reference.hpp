// L-BFGS with bounds as kernels/lbfgs.ipp has it, slow and obvious: one run, one number after the other. On
// every instruction set it comes to the same bits as a lane of the kernel does.
#pragma once

#include <cstdint>

#include "engine/lbfgs_lanes.hpp"
#include "kernels/table.hpp"
#include "textbook.hpp"

namespace lanewise::test {

/// The same as Descended.
struct LbfgsOutcome {
    kernels::LbfgsPhase why;
    double start_f, f;
    Point x;
    bool is_near;
    std::uint64_t iterations, evaluations;
};

/// Whether a * b + c is rounded once or twice.
enum class MultiplyAdd { fused, rounded_twice };

/// `sign` is -1 when maximising.
LbfgsOutcome lbfgs_reference(const ScalarObjective& objective, const Point& start, const Point& lower,
                             const Point& upper, const LbfgsLimits& limits, double sign,
                             MultiplyAdd multiply_add = MultiplyAdd::fused);

}  // namespace lanewise::test
