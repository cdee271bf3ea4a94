#include "lanewise/program.hpp"

#include <numeric>

#include "compile.hpp"
#include "isa.hpp"

namespace lanewise {

namespace {

template <class T>
void run(const Lowered& lowered, const AlignedArray<T>& constants, const Block<T>& block) noexcept {
    const kernels::Code<T> code{lowered.instructions.data(), lowered.instructions.size(), constants.data()};
    kernels::functions<T>(kernel_table(block.isa))
        .interpret(code, block.lanes, block.x_rows, block.scratch_rows, block.f_row, block.g_rows);
}

}  // namespace

Program::Program(std::shared_ptr<const Code> code) noexcept : code_(std::move(code)) {}

std::size_t Program::dimension() const noexcept {
    return code_->dimension;
}

void Program::evaluate(const Block<double>& block) const noexcept {
    run(code_->lowered, code_->f64, block);
}

void Program::evaluate_f32(const Block<float>& block) const noexcept {
    run(code_->lowered, code_->f32, block);
}

std::size_t Program::scratch_rows() const noexcept {
    return code_->lowered.registers;
}

std::size_t Program::operations() const noexcept {
    const auto operations_of = [](std::size_t sum, const kernels::Instruction& instruction) {
        return sum + (instruction.op == Opcode::twins ? 2 : 1);
    };
    return std::accumulate(code_->lowered.instructions.begin(), code_->lowered.instructions.end(),
                           std::size_t{0}, operations_of);
}

}  // namespace lanewise
