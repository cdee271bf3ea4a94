#include "lanewise/problem.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "lanewise/csv.hpp"
#include "lanewise/io.hpp"

namespace lanewise {

namespace {

CsvTable read_csv(const std::filesystem::path& file) {
    return CsvTable(read_file_or_stdin(file), name_of_input(file));
}

}  // namespace

void Problem::load_expression() {
    if (!expression_file.empty()) expression = read_file_or_stdin(expression_file);
}

Box Problem::box() const {
    return Box(variables);
}

Expression Problem::objective(const Box& box) const {
    const std::filesystem::path& origin = expression_file.empty() ? file : expression_file;
    try {
        return {expression, box, parameters, data(), all_tables()};
    } catch (const ParseError& error) {
        if (origin.empty()) throw;
        throw std::invalid_argument(fmt::format("{}: {}", name_of_input(origin), error.what()));
    }
}

Data Problem::data() const {
    if (data_file.empty()) return {};
    const CsvTable csv = read_csv(data_file);
    std::vector<Column> columns;
    for (std::string& name : names_in(expression, csv.names())) {
        std::vector<double> numbers = csv.numbers(name);
        columns.push_back({std::move(name), std::move(numbers)});
    }
    return Data(std::move(columns));
}

Tables Problem::all_tables() const {
    Tables all = tables;
    for (const auto& [name, file] : table_files)
        all.insert_or_assign(name, parse_table_csv(read_file_or_stdin(file),
                                                   fmt::format("table {} in {}", name, name_of_input(file))));
    return all;
}

Model Problem::model() const {
    Model complete = fitting.model;
    complete.formula = expression;
    complete.parameters = parameters;
    complete.tables = all_tables();
    return complete;
}

ProblemsObjective Problem::problems_objective() const {
    return {.expression = expression,
            .parameters = parameters,
            .tables = all_tables(),
            .maximize = options.maximize};
}

FitInput Problem::fit_input(const Model& model, const Box& box) const {
    if (data_file.empty() && fitting.problems_file.empty())
        throw std::invalid_argument("data: a file with the rows is needed, --data FILE.csv");
    if (data_file.empty())
        return input_without_rows(model, box, read_csv(fitting.problems_file), fitting.group);
    const CsvTable data = read_csv(data_file);
    if (fitting.problems_file.empty()) return lanewise::fit_input(model, box, data, {.group = fitting.group});
    const CsvTable problems = read_csv(fitting.problems_file);
    return lanewise::fit_input(model, box, data, {.group = fitting.group, .problems = &problems});
}

FitInput Problem::prediction_input(const Model& model, const Box& box, const FitInput& fitted) const {
    return lanewise::prediction_input(model, box, read_csv(fitting.predict_file), fitted, fitting.group);
}

Options Problem::search_options(const Box& box) const {
    Options complete = options;
    if (!starts_file.empty()) {
        const auto points = parse_starts_csv(read_file_or_stdin(starts_file), box,
                                             fmt::format("starts file {}", name_of_input(starts_file)));
        complete.start_points.insert(complete.start_points.end(), points.begin(), points.end());
    }
    return complete;
}

}  // namespace lanewise
