#include "runnable.hpp"

#include <algorithm>
#include <utility>

#include "kernel_table.hpp"

namespace lanewise {

namespace {

template <class T>
AlignedArray<T> constant_rows(const std::vector<double>& constants) {
    AlignedArray<T> rows(constants.size() * kernels::lane_group);
    for (std::size_t i = 0; i < constants.size(); ++i)
        std::fill_n(rows.data() + i * kernels::lane_group, kernels::lane_group, static_cast<T>(constants[i]));
    return rows;
}

}  // namespace

Runnable::Runnable(Lowered lowered, std::size_t dimension)
    : lowered_(std::move(lowered)),
      dimension_(dimension),
      constants_f64_(constant_rows<double>(lowered_.constants)),
      constants_f32_(constant_rows<float>(lowered_.constants)) {}

template <class T>
void Runnable::run(const Block<T>& block, const kernels::DataRows<T>& data) const noexcept {
    if (const kernels::Native* kernels = native(block.isa, precision_of<T>)) {
        const kernels::NativeFunctions<T>& functions = kernels::functions<T>(*kernels);
        if (lowered_.has_data()) {
            functions.evaluate_data(block.lanes, block.x_rows, block.f_row, block.g_rows, block.scratch_rows,
                                    &data);
        } else {
            functions.evaluate(block.lanes, block.x_rows, block.f_row, block.g_rows, block.scratch_rows);
        }
        return;
    }
    const kernels::Instructions<T> code{.first = lowered_.instructions.data(),
                                        .count = lowered_.instructions.size(),
                                        .constants = in_precision<T>(constants_f64_, constants_f32_).data(),
                                        .sections = lowered_.sections.data(),
                                        .section_count = lowered_.sections.size(),
                                        .registers = lowered_.registers,
                                        .data = &data};
    kernels::functions<T>(kernel_table(block.isa))
        .interpret(code, block.lanes, block.x_rows, block.scratch_rows, block.f_row, block.g_rows);
}

template void Runnable::run(const Block<double>&, const kernels::DataRows<double>&) const noexcept;
template void Runnable::run(const Block<float>&, const kernels::DataRows<float>&) const noexcept;

void Runnable::compile(Isa isa, Precision precision) const {
    compiled(isa, precision).compile(lowered_, dimension_, isa, precision);
}

void Runnable::compile_for(double evaluations, Isa isa, Precision precision) const {
    compiled(isa, precision).compile_for(evaluations, lowered_, dimension_, isa, precision);
}

}  // namespace lanewise
