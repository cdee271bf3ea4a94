// The order in which operations are executed.
#pragma once

#include <vector>

#include "selection.hpp"

namespace lanewise {

/// The value's operations as the formula reads, each followed by what the gradient can already make of it:
/// few results wait.
std::vector<NodeId> execution_order(const Selection& selection, const Outputs& outputs);

}  // namespace lanewise
