// Any bytes as a problem file: a problem, its box and objective, or a refusal with a message. No file it
// names is opened.
#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string_view>

#include "lanewise/lanewise.hpp"

namespace {

/// Large boxes are allowed; they only take the memory they ask for.
bool is_small(const lanewise::Problem& problem) {
    constexpr std::size_t most = 1000;
    return std::ranges::all_of(problem.variables, [](const lanewise::Variable& variable) {
        return variable.length.value_or(1) <= most;
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const lanewise::Problem problem =
            lanewise::parse_problem({reinterpret_cast<const char*>(data), size}, "folder/problem.toml");
        if (!problem.expression_file.empty() || !is_small(problem)) return 0;
        const lanewise::Box box = problem.box();
        lanewise::evaluate(problem.objective(box), box.lower());
    } catch (const std::invalid_argument&) {  // refused
    }
    return 0;
}
