// Any bytes as a table: read, written and read back the same, or refused with a message.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "lanewise/lanewise.hpp"

namespace {

using lanewise::CsvTable;

/// Nothing where there is a cell that is no number.
std::optional<std::vector<double>> numbers_of(const CsvTable& table, const std::string& name) {
    try {
        return table.numbers(name);
    } catch (const std::invalid_argument&) {  // refused
        return {};
    }
}

bool is_same(double a, double b) {
    return std::isnan(a) ? std::isnan(b) : a == b && std::signbit(a) == std::signbit(b);
}

void write_and_read(const CsvTable& table) {
    struct Column {
        std::vector<std::string> texts;
        std::optional<std::vector<double>> numbers;
    };
    std::vector<Column> columns;
    for (const std::string& name : table.names())
        columns.push_back({table.texts(name), numbers_of(table, name)});
    std::string text;
    lanewise::CsvWriter writer(table.names(), [&](std::string_view line) { text += line; });
    for (std::size_t row = 0; row < table.rows(); ++row) {
        for (const Column& column : columns) {
            if (column.numbers) {
                writer.number((*column.numbers)[row]);
            } else {
                writer.text(column.texts[row]);
            }
        }
    }
    const CsvTable again(text);
    if (again.names() != table.names() || again.rows() != table.rows()) std::abort();
    for (std::size_t c = 0; c < columns.size(); ++c) {
        const std::string& name = table.names()[c];
        const bool is_read = columns[c].numbers
                                 ? std::ranges::equal(again.numbers(name), *columns[c].numbers, is_same)
                                 : again.texts(name) == columns[c].texts;
        if (!is_read) std::abort();
    }
}

template <class Work>
void unless_refused(Work work) {
    try {
        work();
    } catch (const std::invalid_argument&) {  // refused
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const lanewise::Box box{{"x", -5, 5}, {"v", -5, 5, 2}};
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    std::optional<CsvTable> table;
    unless_refused([&] { table.emplace(std::string(text)); });
    if (table) write_and_read(*table);
    unless_refused([&] { lanewise::parse_table_csv(text); });
    unless_refused([&] { lanewise::parse_starts_csv(text, box); });
    return 0;
}
