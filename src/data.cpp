#include "lanewise/data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace lanewise {

Data::Data(std::vector<Column> columns) : columns_(std::move(columns)) {
    for (auto column = columns_.begin(); column != columns_.end(); ++column) {
        if (column->name.empty()) throw std::invalid_argument("a column of the data has no name");
        const auto same = [&](const Column& other) { return other.name == column->name; };
        if (std::any_of(columns_.begin(), column, same))
            throw std::invalid_argument(fmt::format("column '{}' is given twice", column->name));
        if (column->numbers.size() != rows())
            throw std::invalid_argument(fmt::format("column '{}' has {} rows, '{}' has {}", column->name,
                                                    column->numbers.size(), columns_.front().name, rows()));
    }
}

const Column* Data::find(std::string_view name) const noexcept {
    const auto found = std::ranges::find(columns_, name, &Column::name);
    return found == columns_.end() ? nullptr : &*found;
}

}  // namespace lanewise
