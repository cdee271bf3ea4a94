// A problem of the literature: its formula, where to begin, and what is known of its minima.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "lanewise/box.hpp"
#include "lanewise/expression.hpp"
#include "lanewise/formula.hpp"

namespace lanewise::test {

struct KnownMinimum {
    double f;                    ///< with the digits that are published
    std::vector<double> x = {};  ///< one of the points where it is; empty where none is known that precisely
};

struct KnownProblem {
    std::string name;
    Formula formula;
    Box box;
    std::vector<double> start;  ///< the published one, moved into the box where it is outside
    std::vector<KnownMinimum>
        minima;  ///< the global one first; there can be others that nobody has published

    /// The formula as an objective over the box.
    Expression objective() const { return {formula.expression, box, formula.parameters}; }
};

/// n coordinates in the same bounds.
inline Box cube(std::size_t n, double lower, double upper) {
    return {{"x", lower, upper, n}};
}

/// n times the same coordinate.
inline std::vector<double> all(double coordinate, std::size_t n) {
    std::vector<double> x(n, coordinate);
    return x;
}

}  // namespace lanewise::test
