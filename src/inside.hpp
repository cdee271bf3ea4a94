// The projection onto the box, of one coordinate.
#pragma once

namespace lanewise {

/// x, or the bound it is beyond; the upper bound where x is NaN, as in the kernels. The outcome is in the box
/// whatever x is.
template <class T>
T inside(T x, T lower, T upper) {
    if (!(x < upper)) return upper;
    return x > lower ? x : lower;
}

}  // namespace lanewise
