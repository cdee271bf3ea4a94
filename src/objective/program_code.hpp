// The content of a Program.
#pragma once

#include <array>
#include <memory>

#include "aligned.hpp"
#include "compiled.hpp"
#include "lanewise/data.hpp"
#include "lanewise/program.hpp"
#include "program/optimise.hpp"

namespace lanewise {

struct Program::Code {
    Code(Optimised from, std::shared_ptr<const Data> its_data);

    Optimised optimised;
    std::shared_ptr<const Data> data;  ///< null: there is none
    AlignedArray<double> shared_f64;   ///< [row][shared column] the columns that the program reads
    AlignedArray<float> shared_f32;
    AlignedArray<double> f64;  ///< the constants, each as a row of one lane group
    AlignedArray<float> f32;
    /// The same as machine code, by instruction set and precision.
    std::unique_ptr<std::array<std::array<Compiled, 2>, isas>> compiled;

    template <class T>
    const AlignedArray<T>& constants() const {
        return in_precision<T>(f64, f32);
    }
    /// Its rows from `first` on, `count` of them.
    template <class T>
    kernels::DataRows<T> rows(std::size_t first, std::size_t count) const {
        const std::size_t columns = optimised.lowered.shared_columns.size();
        return {.shared = in_precision<T>(shared_f64, shared_f32).data() + first * columns,
                .shared_columns = columns,
                .least = count,
                .most = count};
    }

  private:
    template <class T>
    static const AlignedArray<T>& in_precision(const AlignedArray<double>& doubles,
                                               const AlignedArray<float>& floats) {
        if constexpr (sizeof(T) == sizeof(double)) {
            return doubles;
        } else {
            return floats;
        }
    }
};

/// `value` is a node of `written`, whose variables are the coordinates 0 .. dimension-1 and whose columns are
/// those of the data.
std::shared_ptr<const Program::Code> make_program(Graph written, NodeId value, std::size_t dimension,
                                                  std::shared_ptr<const Data> data = nullptr);

}  // namespace lanewise
