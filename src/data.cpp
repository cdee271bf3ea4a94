#include "lanewise/data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <unordered_set>
#include <utility>

namespace lanewise {

Data::Data(std::vector<Column> columns) : columns_(std::move(columns)) {
    std::unordered_set<std::string_view> names;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
        const Column& column = columns_[c];
        if (column.name.empty())
            throw std::invalid_argument(fmt::format("column {} of the data has no name", c + 1));
        if (!names.insert(column.name).second)
            throw std::invalid_argument(fmt::format("column '{}' is given twice", column.name));
        if (column.numbers.size() != rows())
            throw std::invalid_argument(fmt::format("column '{}' has {} rows, column '{}' has {}",
                                                    column.name, column.numbers.size(), columns_.front().name,
                                                    rows()));
    }
}

const Column* Data::find(std::string_view name) const noexcept {
    const auto found =
        std::ranges::find_if(columns_, [&](const Column& column) { return column.name == name; });
    return found == columns_.end() ? nullptr : &*found;
}

}  // namespace lanewise
