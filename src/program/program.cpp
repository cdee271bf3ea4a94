#include "lanewise/program.hpp"

#include "compile.hpp"
#include "isa.hpp"

namespace lanewise {

namespace {

jit::Compiled& compiled(const Program::Code& code, Isa isa, Precision precision) {
    return (*code.compiled)[static_cast<std::size_t>(isa)][static_cast<std::size_t>(precision)];
}

template <class T>
void run(const Program::Code& code, Precision precision, const Block<T>& block) noexcept {
    if (const kernels::Native* native = compiled(code, block.isa, precision).kernels()) {
        kernels::functions<T>(*native).evaluate(block.lanes, block.x_rows, block.f_row, block.g_rows);
        return;
    }
    const AlignedArray<T>& constants = code.constants<T>();
    const std::vector<kernels::Instruction>& instructions = code.lowered.instructions;
    kernels::functions<T>(kernel_table(block.isa))
        .interpret({instructions.data(), instructions.size(), constants.data()}, block.lanes, block.x_rows,
                   block.scratch_rows, block.f_row, block.g_rows);
}

}  // namespace

Program::Program(std::shared_ptr<const Code> code) noexcept : code_(std::move(code)) {}

std::size_t Program::dimension() const noexcept {
    return code_->dimension;
}

void Program::evaluate(const Block<double>& block) const noexcept {
    run(*code_, Precision::f64, block);
}

void Program::evaluate_f32(const Block<float>& block) const noexcept {
    run(*code_, Precision::f32, block);
}

const kernels::Native* Program::native(Isa isa, Precision precision) const noexcept {
    return compiled(*code_, isa, precision).kernels();
}

void Program::compile(Isa isa, Precision precision, Compile how) const {
    compiled(*code_, isa, precision).make(code_->lowered, code_->dimension, isa, precision, how);
}

std::size_t Program::scratch_rows() const noexcept {
    return code_->lowered.registers;
}

std::size_t Program::operations() const noexcept {
    std::size_t operations = 0;
    visit_operations(code_->lowered, [&](Opcode) { ++operations; });
    return operations;
}

}  // namespace lanewise
