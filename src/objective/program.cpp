#include <utility>
#include <vector>

#include "program_code.hpp"

namespace lanewise {

namespace {

/// The columns that a program reads, row by row.
template <class T>
AlignedArray<T> rows_of_columns(const Data* data, const std::vector<std::uint32_t>& columns) {
    if (data == nullptr) return AlignedArray<T>(0);
    AlignedArray<T> rows(data->rows() * columns.size());
    for (std::size_t c = 0; c < columns.size(); ++c) {
        const std::vector<double>& numbers = data->columns()[columns[c]].numbers;
        for (std::size_t row = 0; row < numbers.size(); ++row)
            rows[row * columns.size() + c] = static_cast<T>(numbers[row]);
    }
    return rows;
}

template <class T>
void run(const Program::Code& code, const Block<T>& block) noexcept {
    kernels::DataRows<T> data;
    if (code.data) data = code.rows<T>(0, code.data->rows());
    code.runnable.run(block, data);
}

}  // namespace

Program::Code::Code(Optimised from, std::shared_ptr<const Data> its_data)
    : written(std::move(from.written)),
      data(std::move(its_data)),
      runnable(std::move(from.lowered), written.dimension),
      shared_f64(rows_of_columns<double>(data.get(), runnable.lowered().shared_columns)),
      shared_f32(rows_of_columns<float>(data.get(), runnable.lowered().shared_columns)) {}

std::shared_ptr<const Program::Code> make_program(Graph written, NodeId value, std::size_t dimension,
                                                  std::shared_ptr<const Data> data) {
    return std::make_shared<const Program::Code>(optimise(std::move(written), value, dimension),
                                                 std::move(data));
}

Program::Program(std::shared_ptr<const Code> code) noexcept : code_(std::move(code)) {}

std::size_t Program::dimension() const noexcept {
    return code_->written.dimension;
}

void Program::evaluate(const Block<double>& block) const noexcept {
    run(*code_, block);
}

void Program::evaluate_f32(const Block<float>& block) const noexcept {
    run(*code_, block);
}

const kernels::Native* Program::native(Isa isa, Precision precision) const noexcept {
    return code_->runnable.native(isa, precision);
}

void Program::compile(Isa isa, Precision precision) const {
    code_->runnable.compile(isa, precision);
}

void Program::compile_for(double evaluations, Isa isa, Precision precision) const {
    if (code_->runnable.lowered().has_data()) evaluations *= static_cast<double>(code_->data->rows());
    code_->runnable.compile_for(evaluations, isa, precision);
}

CodeReport Program::machine_code(Isa isa, Precision precision) const {
    return code_->runnable.machine_code(isa, precision);
}

std::size_t Program::scratch_rows() const noexcept {
    return code_->runnable.scratch_rows();
}

std::size_t Program::operations() const noexcept {
    std::size_t operations = 0;
    visit_operations(code_->runnable.lowered(), [&](Opcode) { ++operations; });
    return operations;
}

std::string Program::dump() const {
    return lanewise::dump(code_->written, code_->runnable.lowered());
}

std::string Program::assembly(Isa isa, Precision precision) const {
    return machine::assembly(code_->runnable.lowered(), dimension(), isa, precision);
}

}  // namespace lanewise
