// A program as operations of machine code.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "constants.hpp"
#include "lanewise/precision.hpp"
#include "listing.hpp"
#include "program/lower.hpp"

namespace lanewise::machine {

using CallOf = kernels::Call (*)(Opcode op);

/// Writes a program's instructions to a listing, with the bits of the interpreter.
class Body {
  public:
    /// Where its rows of variables, gradient and value are.
    struct Rows {
        Base x_base, gradient_base;
        std::uint32_t gradient_first;
        Place value;
    };

    /// Keeps the reference. `call_of` is that of the kernels.
    Body(const Lowered& lowered, std::size_t dimension, Precision precision, CallOf call_of,
         const Rows& rows);

    /// Which lanes have the row of the data that is under way.
    enum class Lanes : std::uint8_t { all, those_with_the_row };

    /// The instructions from `first` up to `last`. Values that others need are read from scratch rows, and
    /// left there.
    void write(Listing& listing, std::size_t first, std::size_t last, Lanes lanes = Lanes::all);

    /// After all have been written as one piece: the values of the outputs.
    ValueId value() const { return values_[kernels::value][0]; }
    /// Has `fault` computed. It is called before anything is written.
    void watch_faults(Listing& listing);
    /// A value that is 0 where all of the gradient is finite, else NaN.
    ValueId fault() const { return fault_; }

    ValueId constant(Listing& listing, Constant which);

  private:
    void find_last_reads();
    void write(Listing& listing, const kernels::Instruction& instruction, std::size_t index);
    /// Sine and cosine; `no_value` for what is not wanted.
    std::array<ValueId, 2> sincos(Listing& listing, ValueId x, bool sine, bool cosine);
    ValueId add_to_sum(Listing& listing, const kernels::Instruction& instruction);
    ValueId expand(Listing& listing, Opcode op, ValueId a, ValueId b, ValueId c);
    ValueId read(Listing& listing, std::uint32_t operand);
    void define(Listing& listing, std::uint32_t operand, ValueId value, std::uint32_t last_read);
    Place place(std::uint32_t operand) const;
    bool is_live_after(std::uint32_t last_read) const { return last_read >= piece_end_; }

    const Lowered* lowered_;
    Precision precision_;
    CallOf call_of_;
    Rows rows_;
    std::size_t piece_end_ = 0;
    Lanes lanes_ = Lanes::all;
    /// [instruction][result] the instruction that reads it last; the number of instructions: it is an output.
    std::vector<std::array<std::uint32_t, 2>> last_reads_;
    std::vector<ValueId> values_[kernels::spaces];  ///< [row] what it holds in this piece
    std::vector<std::uint32_t> touched_;            ///< operands with such a value
    std::array<ValueId, fixed_constants> constants_{};
    ValueId fault_ = no_value;
};

}  // namespace lanewise::machine
