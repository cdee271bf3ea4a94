// The content of a Program.
#pragma once

#include <cstddef>
#include <memory>

#include "aligned.hpp"
#include "lanewise/data.hpp"
#include "lanewise/program.hpp"
#include "program/optimise.hpp"
#include "runnable.hpp"

namespace lanewise {

struct Program::Code {
    Code(Optimised from, std::shared_ptr<const Data> its_data);

    Written written;
    std::shared_ptr<const Data> data;  ///< null: there is none
    Runnable runnable;
    AlignedArray<double> shared_f64;  ///< [row][shared column] the columns that the program reads
    AlignedArray<float> shared_f32;

    /// Its rows from `first` on, `count` of them.
    template <class T>
    kernels::DataRows<T> rows(std::size_t first, std::size_t count) const {
        const std::size_t columns = runnable.lowered().shared_columns.size();
        return {.shared = in_precision<T>(shared_f64, shared_f32).data() + first * columns,
                .shared_columns = columns,
                .least = count,
                .most = count};
    }
};

/// `value` is a node of `written`, whose variables are the coordinates 0 .. dimension-1 and whose columns are
/// those of the data.
std::shared_ptr<const Program::Code> make_program(Graph written, NodeId value, std::size_t dimension,
                                                  std::shared_ptr<const Data> data = nullptr);

}  // namespace lanewise
