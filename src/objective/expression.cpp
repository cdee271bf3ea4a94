#include "lanewise/expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "digest.hpp"
#include "program/translate.hpp"
#include "program_code.hpp"

namespace lanewise {

namespace {

/// Where a column that a formula reads has no number.
void check_no_number_is_missing(const Data& data, const std::vector<std::uint32_t>& columns) {
    for (const std::uint32_t index : columns) {
        const Column& column = data.columns()[index];
        const auto missing = std::ranges::find_if(column.numbers, [](double x) { return !std::isfinite(x); });
        if (missing != column.numbers.end())
            throw std::invalid_argument(fmt::format("column '{}': the number of row {} is {}", column.name,
                                                    missing - column.numbers.begin() + 1,
                                                    std::isnan(*missing) ? "missing" : "infinite"));
    }
}

std::shared_ptr<const Program::Code> program_of(std::string_view text, const Box& box,
                                                const Parameters& parameters, Data data,
                                                const Tables& tables) {
    check_names(box, parameters, tables);
    DataNames names{.tables = &tables};
    for (const Column& column : data.columns()) names.columns.push_back(column.name);
    Graph written(Rewriting::none);
    const NodeId value = translate(text, box, parameters, written, names);
    auto code = make_program(std::move(written), value, box.dimension(),
                             std::make_shared<const Data>(std::move(data)));
    if (code->runnable.lowered().has_data() && code->data->rows() == 0)
        throw std::invalid_argument("data: there is no row");
    check_no_number_is_missing(*code->data, code->runnable.lowered().shared_columns);
    return code;
}

std::string bytes_of(const std::vector<double>& numbers) {
    return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(double)};
}

/// See Formula::data.
std::string description_of(const Program::Code& code, const Tables& tables) {
    const std::vector<std::uint32_t>& columns = code.runnable.lowered().shared_columns;
    if (!code.runnable.lowered().has_data() && tables.empty()) return {};
    std::uint64_t sum = digest({});
    for (const std::uint32_t index : columns) {
        const Column& column = code.data->columns()[index];
        sum = digest(bytes_of(column.numbers), digest(column.name, sum));
    }
    for (const auto& [name, numbers] : tables) sum = digest(bytes_of(numbers), digest(name, sum));
    return fmt::format("{} rows, digest {:016x}", code.data->rows(), sum);
}

}  // namespace

Expression::Expression(std::string_view text, const Box& box, const Parameters& parameters, Data data,
                       const Tables& tables)
    : Program(program_of(text, box, parameters, std::move(data), tables)),
      formula_{std::string(text), parameters, description_of(code(), tables)} {}

}  // namespace lanewise
