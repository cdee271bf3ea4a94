#include "program_code.hpp"

#include <algorithm>
#include <utility>

#include "kernel_table.hpp"

namespace lanewise {

namespace {

Compiled& compiled(const Program::Code& code, Isa isa, Precision precision) {
    return (*code.compiled)[static_cast<std::size_t>(isa)][static_cast<std::size_t>(precision)];
}

template <class T>
AlignedArray<T> constant_rows(const std::vector<double>& constants) {
    AlignedArray<T> rows(constants.size() * kernels::lane_group);
    for (std::size_t i = 0; i < constants.size(); ++i)
        std::fill_n(rows.data() + i * kernels::lane_group, kernels::lane_group, static_cast<T>(constants[i]));
    return rows;
}

template <class T>
void run(const Program::Code& code, Precision precision, const Block<T>& block) noexcept {
    if (const kernels::Native* native = compiled(code, block.isa, precision).kernels()) {
        kernels::functions<T>(*native).evaluate(block.lanes, block.x_rows, block.f_row, block.g_rows,
                                                block.scratch_rows);
        return;
    }
    const AlignedArray<T>& constants = code.constants<T>();
    const std::vector<kernels::Instruction>& instructions = code.optimised.lowered.instructions;
    kernels::functions<T>(kernel_table(block.isa))
        .interpret({instructions.data(), instructions.size(), constants.data()}, block.lanes, block.x_rows,
                   block.scratch_rows, block.f_row, block.g_rows);
}

}  // namespace

Program::Code::Code(Optimised from)
    : optimised(std::move(from)),
      f64(constant_rows<double>(optimised.lowered.constants)),
      f32(constant_rows<float>(optimised.lowered.constants)),
      compiled(std::make_unique<std::array<std::array<Compiled, 2>, isas>>()) {}

std::shared_ptr<const Program::Code> make_program(Graph written, NodeId value, std::size_t dimension) {
    return std::make_shared<const Program::Code>(optimise(std::move(written), value, dimension));
}

Program::Program(std::shared_ptr<const Code> code) noexcept : code_(std::move(code)) {}

std::size_t Program::dimension() const noexcept {
    return code_->optimised.dimension;
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

void Program::compile(Isa isa, Precision precision) const {
    compiled(*code_, isa, precision)
        .compile(code_->optimised.lowered, code_->optimised.dimension, isa, precision);
}

void Program::compile_for(double evaluations, Isa isa, Precision precision) const {
    compiled(*code_, isa, precision)
        .compile_for(evaluations, code_->optimised.lowered, code_->optimised.dimension, isa, precision);
}

CodeReport Program::machine_code(Isa isa, Precision precision) const {
    return compiled(*code_, isa, precision).report();
}

std::size_t Program::scratch_rows() const noexcept {
    return code_->optimised.lowered.registers;
}

std::size_t Program::operations() const noexcept {
    std::size_t operations = 0;
    visit_operations(code_->optimised.lowered, [&](Opcode) { ++operations; });
    return operations;
}

std::string Program::dump() const {
    return lanewise::dump(code_->optimised);
}

std::string Program::assembly(Isa isa, Precision precision) const {
    return machine::assembly(code_->optimised.lowered, code_->optimised.dimension, isa, precision);
}

}  // namespace lanewise
