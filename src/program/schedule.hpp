// The order in which operations are executed.
#pragma once

#include <vector>

#include "selection.hpp"

namespace lanewise {

/// An order in which few results wait: depth first from the outputs, but an operation that is ready and the
/// last user of something is executed at once.
std::vector<NodeId> schedule(const Selection& selection, const Outputs& outputs);

}  // namespace lanewise
