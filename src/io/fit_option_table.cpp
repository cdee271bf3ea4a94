#include "lanewise/fit_options.hpp"

#include <optional>
#include <stdexcept>
#include <string>

#include "lanewise/problem.hpp"
#include "option_list.hpp"
#include "read_option.hpp"

namespace lanewise {

namespace {

/// Calls `visit(option, field)` for all that is no function.
template <class Visit>
void visit_fit_options(FitOptions& options, Visit visit) {
    Rule& rule = options.rule;
    visit(Option{"starts"}, options.starts);
    visit(Option{"start"}, options.start_points);
    visit(Option{.name = "seed", .notation = Notation::large_count}, options.seed);
    visit(Option{"iterations"}, options.iterations);
    visit(Option{"rule"}, rule.method);
    visit(Option{"alpha"}, rule.alpha);
    visit(Option{"beta1"}, rule.beta1);
    visit(Option{"beta2"}, rule.beta2);
    visit(Option{"eps"}, rule.eps);
    visit(Option{"most-steps"}, options.most_steps);
    visit(Option{"tolerance"}, options.tolerance);
    visit(Option{"absolute-sigma"}, options.absolute_sigma);
    visit(Option{"precision"}, options.precision);
    visit(Option{"threads"}, options.threads);
    visit(Option{"isa"}, options.isa);
    visit(Option{"jit"}, options.jit);
    visit(Option{.name = "memory", .notation = Notation::bytes}, options.memory);
    visit(Option{"max-time"}, options.max_time);
    visit(Option{"every"}, options.checkpoint_every);
}

}  // namespace

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
    if (const std::optional<Loss> loss = find_loss(text)) return *loss;
    std::string all;
    for (std::size_t i = 0; i < losses; ++i)
        all.append(all.empty() ? "" : ", ").append(name(static_cast<Loss>(i)));
    refuse("loss", text, "must be one of: " + all);
}

}  // namespace lanewise
