// A processor as the allocation of registers sees it.
#pragma once

#include <cstdint>
#include <variant>

#include "listing.hpp"

namespace lanewise::machine {

using Register = std::uint8_t;

/// What an instruction reads: a register, or memory where the instruction can.
struct Operand {
    Register reg = 0;
    Place place{};  ///< none: the register
};

/// Writes instructions, of vectors of one width.
class Target {
  public:
    virtual ~Target() = default;

    virtual Register registers() const = 0;
    /// Whether an operand may be in memory; no instruction reads two from there.
    virtual bool reads_memory(Op op, std::size_t operand, Base base) const = 0;
    /// The operands, as bits, one of which has to be in the register of the result; 0: there is no such need.
    virtual unsigned tied_operands(Op op) const = 0;

    virtual void load(Register to, Place from) = 0;
    virtual void store(Place to, Register from) = 0;
    virtual void move(Register to, Register from) = 0;
    virtual void operate(const Instruction& instruction, Register to,
                         const std::array<Operand, 3>& operands) = 0;
    /// Calls a function whose operands are in the first registers, which then hold its result; `second` is
    /// where it stores another.
    virtual void call(kernels::Call function, Place second) = 0;
    virtual void leave_unless_all(Register mask) = 0;
};

}  // namespace lanewise::machine
