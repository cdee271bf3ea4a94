// Small problems with bounds, most of them active at the solution. Those of the name HS are of Hock &
// Schittkowski, "Test Examples for Nonlinear Programming Codes", Springer 1981; the others are of CUTEst, or
// in the manner of its problems.
#pragma once

#include <vector>

#include "problems/known_problem.hpp"

namespace lanewise::test {

/// The variable is a vector x; what the books call x1 is x[0]. Where they have no bound, there is a wide one
/// that is active nowhere near a minimum.
std::vector<KnownProblem> bound_constrained();

}  // namespace lanewise::test
