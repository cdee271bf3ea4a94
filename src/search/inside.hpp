// The projection onto the box, of one coordinate.
#pragma once

namespace lanewise {

/// x, or the bound it is beyond; the lower bound where x is NaN. The outcome is in the box whatever x is.
template <class T>
T inside(T x, T lower, T upper) {
    if (!(x > lower)) return lower;
    return x < upper ? x : upper;
}

}  // namespace lanewise
