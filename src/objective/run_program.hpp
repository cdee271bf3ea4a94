// How a lowered program is run: by its machine code where it has some, else by the interpreter.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "aligned.hpp"
#include "kernel_table.hpp"
#include "lanewise/objective.hpp"
#include "program/lower.hpp"

namespace lanewise {

/// Rows that a program writes on: its registers, and one for each shared column.
inline std::size_t scratch_rows_of(const Lowered& lowered) {
    return lowered.registers + lowered.shared_columns.size();
}

/// Each constant as a row of one lane group.
template <class T>
AlignedArray<T> constant_rows(const std::vector<double>& constants) {
    AlignedArray<T> rows(constants.size() * kernels::lane_group);
    for (std::size_t i = 0; i < constants.size(); ++i)
        std::fill_n(rows.data() + i * kernels::lane_group, kernels::lane_group, static_cast<T>(constants[i]));
    return rows;
}

/// Fills the f row of a block, and as many g rows as the program has outputs beside the value. `native` is
/// null where there is no machine code.
template <class T>
void run_program(const Lowered& lowered, const T* constants, const kernels::Native* native,
                 const Block<T>& block, const kernels::DataRows<T>& data) noexcept {
    if (native != nullptr) {
        const kernels::NativeFunctions<T>& functions = kernels::functions<T>(*native);
        if (lowered.has_data()) {
            functions.evaluate_data(block.lanes, block.x_rows, block.f_row, block.g_rows, block.scratch_rows,
                                    &data);
        } else {
            functions.evaluate(block.lanes, block.x_rows, block.f_row, block.g_rows, block.scratch_rows);
        }
        return;
    }
    const kernels::Instructions<T> code{.first = lowered.instructions.data(),
                                        .count = lowered.instructions.size(),
                                        .constants = constants,
                                        .sections = lowered.sections.data(),
                                        .section_count = lowered.sections.size(),
                                        .registers = lowered.registers,
                                        .data = &data};
    kernels::functions<T>(kernel_table(block.isa))
        .interpret(code, block.lanes, block.x_rows, block.scratch_rows, block.f_row, block.g_rows);
}

}  // namespace lanewise
