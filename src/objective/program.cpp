#include "program_code.hpp"

#include <algorithm>
#include <utility>

#include "run_program.hpp"

namespace lanewise {

namespace {

Compiled& compiled(const Program::Code& code, Isa isa, Precision precision) {
    return (*code.compiled)[static_cast<std::size_t>(isa)][static_cast<std::size_t>(precision)];
}

/// The columns that a program reads, row by row.
template <class T>
AlignedArray<T> rows_of_columns(const Data& data, const std::vector<std::uint32_t>& columns) {
    AlignedArray<T> rows(data.rows() * columns.size());
    for (std::size_t c = 0; c < columns.size(); ++c) {
        const std::vector<double>& numbers = data.columns()[columns[c]].numbers;
        for (std::size_t row = 0; row < numbers.size(); ++row)
            rows[row * columns.size() + c] = static_cast<T>(numbers[row]);
    }
    return rows;
}

template <class T>
void run(const Program::Code& code, Precision precision, const Block<T>& block) noexcept {
    const Lowered& lowered = code.optimised.lowered;
    kernels::DataRows<T> data;
    if (lowered.has_data() && code.data) data = code.rows<T>(0, code.data->rows());
    run_program(lowered, code.constants<T>().data(), compiled(code, block.isa, precision).kernels(), block,
                data);
}

}  // namespace

Program::Code::Code(Optimised from, std::shared_ptr<const Data> its_data)
    : optimised(std::move(from)),
      data(std::move(its_data)),
      shared_f64(data ? rows_of_columns<double>(*data, optimised.lowered.shared_columns)
                      : AlignedArray<double>(0)),
      shared_f32(data ? rows_of_columns<float>(*data, optimised.lowered.shared_columns)
                      : AlignedArray<float>(0)),
      f64(constant_rows<double>(optimised.lowered.constants)),
      f32(constant_rows<float>(optimised.lowered.constants)),
      compiled(std::make_unique<std::array<std::array<Compiled, 2>, isas>>()) {}

std::shared_ptr<const Program::Code> make_program(Graph written, NodeId value, std::size_t dimension,
                                                  std::shared_ptr<const Data> data) {
    return std::make_shared<const Program::Code>(optimise(std::move(written), value, dimension),
                                                 std::move(data));
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
    if (code_->optimised.lowered.has_data()) evaluations *= static_cast<double>(code_->data->rows());
    compiled(*code_, isa, precision)
        .compile_for(evaluations, code_->optimised.lowered, code_->optimised.dimension, isa, precision);
}

CodeReport Program::machine_code(Isa isa, Precision precision) const {
    return compiled(*code_, isa, precision).report();
}

std::size_t Program::scratch_rows() const noexcept {
    return scratch_rows_of(code_->optimised.lowered);
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
