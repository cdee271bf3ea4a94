#include "lanewise/fit_options.hpp"

#include <optional>
#include <stdexcept>
#include <string>

#include "fit_option_list.hpp"
#include "lanewise/problem.hpp"
#include "read_option.hpp"

namespace lanewise {

void set_fit_option(FitOptions& options, std::string_view name, std::string_view text) {
    bool is_known = false;
    visit_fit_options(options, [&](const Option& option, auto& field) {
        if (option.name != name) return;
        read(option, text, field);
        is_known = true;
    });
    if (!is_known) throw std::invalid_argument(unknown_option(name, fit_option_names()));
}

std::vector<std::string_view> fit_option_names() {
    FitOptions options;
    std::vector<std::string_view> names;
    visit_fit_options(options,
                      [&](const Option& option, const auto& /*field*/) { names.push_back(option.name); });
    return names;
}

Loss parse_loss(std::string_view text) {
    Loss loss = Loss::squared;
    read(Option{"loss"}, text, loss);
    return loss;
}

}  // namespace lanewise
