// Machine code before it has registers: operations on vectors, each of which names its results.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/table.hpp"

namespace lanewise::machine {

/// What one instruction of most processors does with a vector. A mask has all bits of a lane set, or none.
enum class Op : std::uint8_t {
    add,
    sub,
    mul,
    div,
    fma,   ///< a*b + c
    fms,   ///< a*b - c
    fnma,  ///< c - a*b
    sqrt,
    floor,
    ceil,
    min,  ///< a < b ? a : b
    max,  ///< a > b ? a : b
    bit_and,
    bit_and_not,  ///< ~a & b
    bit_or,
    bit_xor,
    less,           ///< mask
    less_or_equal,  ///< mask
    equal,          ///< mask
    unordered,      ///< mask: a or b is NaN
    blend,          ///< mask a ? b : c
    shift_left,     ///< the bits of a lane, by an amount
    estimate_inverse_root,
    root_if_out_of_range,  ///< a, or the root of b where any lane of b is infinite or too small for Newton
    call_if_any,           ///< a, or a function of c where any lane of the mask b is set
    call,                  ///< a function of a and b, or of a alone
    call_sincos,           ///< two results
    store,                 ///< a to a place
    leave_unless_all,      ///< ends the code here unless all lanes of a mask are set
};

/// Memory, by what points there.
enum class Base : std::uint8_t {
    none,
    spill,          ///< on the stack, in vectors
    pool,           ///< of constants
    x,              ///< rows of the tile
    scratch,        ///< rows of the tile
    gradient,       ///< rows of the tile
    value,          ///< the row of the tile
    shared_column,  ///< numbers of the data's row, one for all lanes
    lane_column,    ///< rows of the data's row
    parameter,      ///< rows of the data
    current,        ///< rows of the frame that is evaluated
    previous,       ///< rows of the frame that is moved
    ranges,         ///< rows of kernels::Turns
    step,           ///< rows of kernels::StepRow, for the frame that is moved
    step_now,       ///< rows of kernels::StepRow, for the frame that is evaluated
};

struct Place {
    Base base = Base::none;
    std::uint32_t index = 0;

    explicit operator bool() const { return base != Base::none; }
};

using ValueId = std::uint32_t;
inline constexpr ValueId no_value = std::numeric_limits<ValueId>::max();

struct Instruction {
    Op op;
    ValueId to = no_value;
    std::array<ValueId, 3> operands = {no_value, no_value, no_value};
    ValueId second = no_value;  ///< the cosine
    Place place{};              ///< of a store
    kernels::Call function = nullptr;
    std::uint8_t amount = 0;  ///< of a shift
};

/// Instructions in the order in which they are executed, and where their operands come from.
class Listing {
  public:
    /// A value that is in memory when the code begins, and stays there until it is not used any more.
    ValueId at(Place place) {
        places_.push_back(place);
        return static_cast<ValueId>(places_.size() - 1);
    }

    ValueId add(Op op, ValueId a, ValueId b = no_value, ValueId c = no_value) {
        instructions_.push_back({.op = op, .to = at({}), .operands = {a, b, c}});
        return instructions_.back().to;
    }

    ValueId shift_left(ValueId a, std::uint8_t amount) {
        const ValueId result = add(Op::shift_left, a);
        instructions_.back().amount = amount;
        return result;
    }

    ValueId call_if_any(kernels::Call function, ValueId a, ValueId mask, ValueId operand) {
        const ValueId result = add(Op::call_if_any, a, mask, operand);
        instructions_.back().function = function;
        return result;
    }

    ValueId call(kernels::Call function, ValueId a, ValueId b = no_value) {
        const ValueId result = add(Op::call, a, b);
        instructions_.back().function = function;
        return result;
    }

    /// Sine and cosine.
    std::array<ValueId, 2> call_sincos(kernels::Call function, ValueId a) {
        const ValueId sine = add(Op::call_sincos, a);
        const ValueId cosine = at({});
        instructions_.back().function = function;
        instructions_.back().second = cosine;
        return {sine, cosine};
    }

    /// The place holds the value from here on, as long as the value is used.
    void store(ValueId value, Place place) {
        instructions_.push_back({.op = Op::store, .operands = {value, no_value, no_value}, .place = place});
    }

    void leave_unless_all(ValueId mask) {
        instructions_.push_back({.op = Op::leave_unless_all, .operands = {mask, no_value, no_value}});
    }

    std::vector<Instruction>& instructions() { return instructions_; }
    const std::vector<Instruction>& instructions() const { return instructions_; }
    /// [value] where it is from the beginning; none: an instruction's result.
    const std::vector<Place>& places() const { return places_; }

    void clear() {
        instructions_.clear();
        places_.clear();
    }

  private:
    std::vector<Instruction> instructions_;
    std::vector<Place> places_;
};

}  // namespace lanewise::machine
