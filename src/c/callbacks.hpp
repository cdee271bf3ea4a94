// Objectives that the caller evaluates: all points that are wanted at once, in rows without padding.
#pragma once

#include <memory>

#include "problem_handle.hpp"

namespace lanewise::c {

std::unique_ptr<const Objective> gradient_objective(const Box& box,
                                                    Caller<lanewise_gradient_callback> caller);

/// \throws std::invalid_argument as CentralDifferences.
std::unique_ptr<const Objective> value_objective(const Box& box, Caller<lanewise_value_callback> caller,
                                                 double step);

}  // namespace lanewise::c
