// Whole functions of machine code, for a processor's instruction set.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "lanewise/isa.hpp"
#include "lanewise/precision.hpp"
#include "target.hpp"

namespace lanewise::machine {

/// Writes functions one after the other. A function is begun by `begin_...`, goes on with what is allocated
/// for the target, and is ended by `end_...`, which is told how many vectors it keeps on the stack; that
/// gives the function's place in the code.
class Assembler : public Target {
  public:
    /// NativeFunctions::evaluate, in pieces: each goes over all lanes of a tile before the next.
    virtual void begin_evaluate() = 0;
    virtual void begin_piece() = 0;
    virtual void end_piece() = 0;
    virtual std::size_t end_evaluate(std::size_t spills) = 0;

    /// NativeFunctions::evaluate_data: as `evaluate` with one piece, in which loops over the rows of the data
    /// come between what is done once. \throws std::runtime_error where there is none for the processor.
    virtual void begin_evaluate_data(std::size_t shared_columns) = 0;
    virtual void begin_rows() = 0;
    virtual void begin_loop(kernels::RowsOf rows) = 0;
    virtual void end_loop() = 0;
    virtual std::size_t end_evaluate_data(std::size_t spills) = 0;

    /// NativeFunctions::take_turns. What is allocated is one turn.
    virtual void begin_turns(std::size_t dimension) = 0;
    virtual std::size_t end_turns(std::size_t spills) = 0;

    virtual std::size_t bytes() const = 0;
    /// The code, as it is to be at an address of its own.
    virtual void copy_to(std::byte* address) = 0;
    /// The instructions as text, where they were asked for.
    virtual std::string text() const = 0;
};

/// Whether there is machine code for an instruction set. This and `make_assembler` are of the processor
/// family that lanewise is built for.
bool has_machine_code(Isa isa);

/// For an instruction set that there is machine code for. `pool` are the constants, each as
/// it is in the precision.
std::unique_ptr<Assembler> make_assembler(Isa isa, Precision precision, std::span<const double> pool,
                                          bool with_text);

}  // namespace lanewise::machine
