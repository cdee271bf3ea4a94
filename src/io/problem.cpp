#include "lanewise/problem.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "lanewise/io.hpp"

namespace lanewise {

void Problem::load_expression() {
    if (!expression_file.empty()) expression = read_file_or_stdin(expression_file);
}

Box Problem::box() const {
    return Box(variables);
}

Expression Problem::objective(const Box& box) const {
    const std::filesystem::path& origin = expression_file.empty() ? file : expression_file;
    try {
        return {expression, box, parameters};
    } catch (const ParseError& error) {
        if (origin.empty()) throw;
        throw std::invalid_argument(fmt::format("{}: {}", name_of_input(origin), error.what()));
    }
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
