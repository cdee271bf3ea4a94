/// Data: observations, a row each, as columns of numbers.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace lanewise {

/// What is observed, by row.
struct Column {
    std::string name;
    std::vector<double> numbers;
};

/// Columns of one length. In a formula `rows(E)` is the sum of E over the rows, and the names of columns mean
/// a row's numbers inside E:
///
///     const lanewise::Data data{{{"t", {0, 1, 2, 3}}, {"y", {2.1, 1.2, 0.8, 0.4}}}};
///     const lanewise::Box box{{"a", 0, 10}, {"k", 0, 5}};
///     lanewise::minimize(lanewise::Expression("rows((y - a*exp(-k*t))^2)", box, {}, data), box);
class Data {
  public:
    Data() = default;
    /// \throws std::invalid_argument naming the column where a name is empty or given twice, or columns
    ///         differ in length.
    explicit Data(std::vector<Column> columns);

    std::size_t rows() const noexcept { return columns_.empty() ? 0 : columns_.front().numbers.size(); }
    const std::vector<Column>& columns() const noexcept { return columns_; }
    /// Null where there is none of that name.
    const Column* find(std::string_view name) const noexcept;

  private:
    std::vector<Column> columns_;
};

/// Numbers of a formula by name and index: `c[i]`, from 0, for an i that is known when the text is read.
using Tables = std::map<std::string, std::vector<double>>;

}  // namespace lanewise
