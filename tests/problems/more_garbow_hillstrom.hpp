// The 35 problems of Moré, Garbow & Hillstrom, "Testing Unconstrained Optimization Software", ACM
// Transactions on Mathematical Software 7 (1981), pages 17 to 41.
#pragma once

#include <vector>

#include "problems/known_problem.hpp"

namespace lanewise::test {

/// In the order of the paper. The variable is a vector x; what the paper calls x1 is x[0].
///
/// The paper has no bounds. Those here are wide, contain starts and minimisers, and keep the formula finite
/// (but at isolated poles). Where a minimiser would be in the centre of the box, the lower bounds are halved.
/// The paper cuts its values off behind six digits, and so do these. A minimum that the paper has at infinity
/// is in the list without a point; the box ends before it, and there may be other minima on its bounds.
std::vector<KnownProblem> more_garbow_hillstrom();

}  // namespace lanewise::test
