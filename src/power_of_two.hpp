#pragma once

#include <cmath>

namespace lanewise {

/// The power of two at or below the size of a number; 1 for 0.
inline double power_of_two(double a) {
    return a == 0 ? 1 : std::ldexp(1.0, std::ilogb(a));
}

}  // namespace lanewise
