// Functions that are made of operations, in text and in traces alike. `Maker` has what Graph has: `constant`
// for a number, and `apply` for an operation.
#pragma once

#include "kernels/opcodes.hpp"

namespace lanewise::composed {

using kernels::Opcode;

/// Towards 0.
template <class Maker, class Value>
Value trunc(Maker& make, Value x) {
    const Value whole = make.apply(Opcode::floor, make.apply(Opcode::abs, x));
    return make.apply(Opcode::mul, make.apply(Opcode::sign, x), whole);
}

/// To the nearest whole number, of two the one away from 0. The distance to the smaller one is exact, which
/// x + 1/2 is not.
template <class Maker, class Value>
Value round(Maker& make, Value x) {
    const Value size = make.apply(Opcode::abs, x);
    const Value below = make.apply(Opcode::floor, size);
    const Value up = make.apply(Opcode::le, make.constant(0.5), make.apply(Opcode::sub, size, below));
    return make.apply(Opcode::mul, make.apply(Opcode::sign, x), make.apply(Opcode::add, below, up));
}

/// x - y floor(x/y): with the sign of y.
template <class Maker, class Value>
Value mod(Maker& make, Value x, Value y) {
    const Value times = make.apply(Opcode::floor, make.apply(Opcode::div, x, y));
    return make.apply(Opcode::sub, x, make.apply(Opcode::mul, y, times));
}

/// `upper` where that is below `lower`.
template <class Maker, class Value>
Value clamp(Maker& make, Value x, Value lower, Value upper) {
    return make.apply(Opcode::min, make.apply(Opcode::max, x, lower), upper);
}

}  // namespace lanewise::composed
