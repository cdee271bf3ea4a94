#include "machine_code.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <limits>
#include <memory>
#include <stdexcept>
#include <vector>

#include "adam.hpp"
#include "allocate.hpp"
#include "assembler.hpp"
#include "body.hpp"
#include "constants.hpp"
#include "kernel_table.hpp"
#include "newton_roots.hpp"

namespace lanewise::machine {

namespace {

std::vector<double> pool_of(const Lowered& lowered, const kernels::Table& table) {
    std::vector<double> pool(fixed_constants);
    const auto at = [&](Constant which) -> double& { return pool[static_cast<std::size_t>(which)]; };
    at(Constant::zero) = 0;
    at(Constant::one) = 1;
    at(Constant::minus_one) = -1;
    at(Constant::sign_bit) = -0.0;
    at(Constant::half) = 0.5;
    at(Constant::infinity) = std::numeric_limits<double>::infinity();
    at(Constant::newton_from) = table.f64.least_newton_root;
#define LANEWISE_NUMBER(name, number) at(Constant::sincos_##name) = number;
    LANEWISE_SINCOS_NUMBERS(LANEWISE_NUMBER)
#undef LANEWISE_NUMBER
    pool.insert(pool.end(), lowered.constants.begin(), lowered.constants.end());
    return pool;
}

/// How a program is cut: as one piece with Adam's step, or in pieces of so many instructions.
struct Cut {
    bool is_fused;
    std::size_t piece;
};

struct Entries {
    std::size_t evaluate = 0;
    std::size_t evaluate_data = 0;  ///< of a program with data, in place of the others
    std::size_t take_turns = 0;     ///< 0: there is none
    std::size_t spills = 0;         ///< vectors, of the function that has most
};

/// Instructions that an operation becomes, about.
std::size_t instructions_of(Opcode op, Precision precision) {
    constexpr std::size_t of_sincos = 45;
    const bool is_inline = op == Opcode::sin || op == Opcode::cos || op == Opcode::sincos;
    return is_inline && precision == Precision::f64 ? of_sincos : 1;
}

std::size_t instructions_of(const Lowered& lowered, Precision precision) {
    std::size_t sum = 0;
    for (const kernels::Instruction& i : lowered.instructions) sum += instructions_of(i.op, precision);
    return sum;
}

/// Where a piece ends that begins at an operation.
std::size_t end_of_piece(const Lowered& lowered, Precision precision, std::size_t first, std::size_t most) {
    std::size_t sum = 0;
    std::size_t last = first;
    while (last < lowered.instructions.size() && sum < most)
        sum += instructions_of(lowered.instructions[last++].op, precision);
    return last;
}

Body::Rows rows_of_tile() {
    return {.x_base = Base::x, .gradient_base = Base::gradient, .gradient_first = 0, .value = {Base::value}};
}

Entries write(Assembler& assembler, const Lowered& lowered, std::size_t dimension, Precision precision,
              const CallOf call_of, bool newton_roots, Cut cut) {
    Entries entries;
    const std::size_t count = lowered.instructions.size();
    Listing listing;
    if (cut.is_fused) {
        Body body(lowered, dimension, precision, call_of, rows_of_turn(dimension));
        write_turn(listing, body, count, dimension, newton_roots);
        assembler.begin_turns(dimension);
        entries.spills = allocate(listing, assembler);
        entries.take_turns = assembler.end_turns(entries.spills);
    }
    Body body(lowered, dimension, precision, call_of, rows_of_tile());
    assembler.begin_evaluate();
    std::size_t spills = 0;
    for (std::size_t first = 0; first < count;) {
        const std::size_t last = end_of_piece(lowered, precision, first, cut.piece);
        listing.clear();
        body.write(listing, first, last);
        assembler.begin_piece();
        spills = std::max(spills, allocate(listing, assembler));
        assembler.end_piece();
        first = last;
        if (assembler.bytes() > MachineCode::most_bytes)
            throw std::runtime_error(
                fmt::format("it would be longer than {} MiB", MachineCode::most_bytes >> 20));
    }
    entries.evaluate = assembler.end_evaluate(spills);
    entries.spills = std::max(entries.spills, spills);
    return entries;
}

/// A program with data: one piece, with its loops in it.
Entries write_with_loops(Assembler& assembler, const Lowered& lowered, std::size_t dimension,
                         Precision precision, const CallOf call_of) {
    Entries entries;
    Listing listing;
    Body body(lowered, dimension, precision, call_of, rows_of_tile());
    const auto write_section = [&](std::size_t first, std::size_t last, Body::Lanes lanes) {
        listing.clear();
        body.write(listing, first, last, lanes);
        entries.spills = std::max(entries.spills, allocate(listing, assembler));
    };
    assembler.begin_evaluate_data(lowered.shared_columns.size());
    std::size_t first = 0;
    for (const kernels::Section& section : lowered.sections) {
        if (section.is_for_each_row) {
            assembler.begin_rows();
            assembler.begin_loop(kernels::RowsOf::all_lanes);
            write_section(first, section.end, Body::Lanes::all);
            assembler.end_loop();
            assembler.begin_loop(kernels::RowsOf::some_lanes);
            write_section(first, section.end, Body::Lanes::those_with_the_row);
            assembler.end_loop();
        } else {
            write_section(first, section.end, Body::Lanes::all);
        }
        first = section.end;
        if (assembler.bytes() > MachineCode::most_bytes)
            throw std::runtime_error(
                fmt::format("it would be longer than {} MiB", MachineCode::most_bytes >> 20));
    }
    entries.evaluate_data = assembler.end_evaluate_data(entries.spills);
    return entries;
}

template <class T>
kernels::NativeFunctions<T> functions_at(const std::byte* begin, const Entries& entries,
                                         const kernels::Functions<T>& of_isa, std::size_t dimension) {
    kernels::NativeFunctions<T> functions{};
    if (entries.evaluate_data != 0) {
        functions.evaluate_data =
            std::bit_cast<decltype(functions.evaluate_data)>(begin + entries.evaluate_data);
        return functions;
    }
    functions.evaluate = std::bit_cast<decltype(functions.evaluate)>(begin + entries.evaluate);
    if (entries.take_turns == 0) return functions;
    functions.take_turns = std::bit_cast<decltype(functions.take_turns)>(begin + entries.take_turns);
    functions.advance_adam = of_isa.advance_in_turns;
    constexpr std::size_t near = 20'000;  // bytes
    const std::size_t frame = kernels::frame_rows(dimension) * of_isa.width;
    functions.frames =
        std::clamp<std::size_t>(near / (frame * sizeof(T)), kernels::least_frames, kernels::most_frames);
    functions.memory = of_isa.turn_numbers(dimension, functions.frames);
    return functions;
}

bool takes_newton_roots(const kernels::Table& table, Precision precision, Roots roots) {
    constexpr double never = std::numeric_limits<double>::infinity();
    if (precision != Precision::f64 || table.f64.least_newton_root == never) return false;
    return roots == Roots::by_newton || (roots == Roots::quickest && newton_from(table.f64) != never);
}

struct Written {
    std::unique_ptr<Assembler> assembler;
    Entries entries;
};

/// In one piece where it is not too long and keeps little on the stack; else in pieces, which keep the less
/// the smaller they are.
Written write(const Lowered& lowered, std::size_t dimension, Isa isa, Precision precision, Roots roots,
              bool with_text) {
    if (!has_machine_code(isa))
        throw std::runtime_error(fmt::format("there is no machine code for {}", isa_name(isa)));
    const kernels::Table& table = kernel_table(isa);
    const bool is_double = precision == Precision::f64;
    const CallOf call_of = is_double ? table.f64.call_of : table.f32.call_of;
    const std::size_t vector_bytes = table.f64.width * sizeof(double);
    const std::vector<double> pool = pool_of(lowered, table);
    if (lowered.has_data()) {
        Written written{.assembler = make_assembler(isa, precision, pool, with_text), .entries = {}};
        written.entries = write_with_loops(*written.assembler, lowered, dimension, precision, call_of);
        if (written.entries.spills * vector_bytes > MachineCode::most_stack)
            throw std::runtime_error("a row of the data takes too many numbers at once");
        return written;
    }
    const bool newton_roots = takes_newton_roots(table, precision, roots);
    const std::size_t instructions = instructions_of(lowered, precision);
    const bool may_fuse =
        instructions <= MachineCode::most_fused && dimension <= kernels::most_native_dimension;
    std::vector<Cut> cuts;
    if (may_fuse) cuts.push_back({.is_fused = true, .piece = instructions});
    for (const std::size_t piece : {MachineCode::piece, MachineCode::piece / 8})
        cuts.push_back({.is_fused = false, .piece = piece});
    Written written;
    for (const Cut& cut : cuts) {
        written.assembler = make_assembler(isa, precision, pool, with_text);
        written.entries =
            write(*written.assembler, lowered, dimension, precision, call_of, newton_roots, cut);
        if (written.entries.spills * vector_bytes <= MachineCode::most_stack) break;
    }
    return written;
}

}  // namespace

MachineCode::MachineCode(const Lowered& lowered, std::size_t dimension, Isa isa, Precision precision,
                         Roots roots) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point begin = Clock::now();
    const Written written = write(lowered, dimension, isa, precision, roots, false);
    mapping_ = std::make_unique<Mapping>(written.assembler->bytes(),
                                         [&](std::byte* address) { written.assembler->copy_to(address); });
    const kernels::Table& table = kernel_table(isa);
    kernels_.dimension = dimension;
    if (precision == Precision::f64) {
        kernels_.f64 = functions_at(mapping_->begin(), written.entries, table.f64, dimension);
    } else {
        kernels_.f32 = functions_at(mapping_->begin(), written.entries, table.f32, dimension);
    }
    tell_perf(mapping_->begin(), mapping_->bytes(), "lanewise_program");
    seconds_ = std::chrono::duration<double>(Clock::now() - begin).count();
}

std::string assembly(const Lowered& lowered, std::size_t dimension, Isa isa, Precision precision) {
    return write(lowered, dimension, isa, precision, Roots::quickest, true).assembler->text();
}

}  // namespace lanewise::machine
