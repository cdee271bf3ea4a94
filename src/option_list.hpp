// The options of a search, once: name, JSON key, place in a saved state and field of each. Text, JSON, saved
// states and checks go over this list.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "lanewise/options.hpp"

namespace lanewise {

/// What an option is to a search that is saved and goes on.
struct Saved {
    /// Among the options in the state; none: it is not saved.
    std::optional<std::size_t> place = {};
    /// Results depend on it: it has to be the same when the search goes on. Else it is saved to be told
    /// alone.
    bool decides = false;
};

constexpr Saved deciding(std::size_t place) {
    return {place, true};
}
constexpr Saved told(std::size_t place) {
    return {place, false};
}

/// How an option is written where that does not follow from its type.
enum class Notation {
    usual,
    large_count,    ///< in a problem file it can be a string too: a whole number of TOML ends at 2^63 - 1
    bytes,          ///< "500M"
    truth,          ///< in JSON true and false, not "on" and "off"
    not_stdout,     ///< a file that cannot be "-"
    in_code_alone,  ///< neither flag nor key of a problem file
};

struct Option {
    std::string_view name;       ///< of flag and key, and in errors
    std::string_view json = {};  ///< empty: it is not in JSON
    Saved saved = {};
    Notation notation = Notation::usual;
};

/// Calls `visit(option, field)` for all that is no function, in the order of JSON. A new option takes the
/// next place in a state, and the state another format.
template <class SomeOptions, class Visit>
void visit_options(SomeOptions& options, Visit visit) {
    auto& rule = options.rule;
    auto& same = options.same;
    visit(Option{"starts", "starts", deciding(0)}, options.starts);
    visit(Option{"start", "start_points", deciding(1)}, options.start_points);
    visit(Option{"seed", "seed", deciding(2), Notation::large_count}, options.seed);
    visit(Option{"design", "design", deciding(3)}, options.design);
    visit(Option{"iterations", "iterations", deciding(4)}, options.iterations);
    visit(Option{"rule", "rule", deciding(5)}, rule.method);
    visit(Option{"alpha", "alpha", deciding(6)}, rule.alpha);
    visit(Option{"beta1", "beta1", deciding(7)}, rule.beta1);
    visit(Option{"beta2", "beta2", deciding(8)}, rule.beta2);
    visit(Option{"eps", "eps", deciding(9)}, rule.eps);
    visit(Option{"schedule", "schedule", deciding(10)}, options.schedule);
    visit(Option{"warm-up", "warm_up", deciding(11)}, options.warm_up);
    visit(Option{"final-alpha", "final_alpha", deciding(12)}, options.final_alpha);
    visit(Option{"scale", "scale", deciding(13)}, options.scale);
    visit(Option{"explore", "explore", deciding(15)}, options.explore);
    visit(Option{"offspring", "offspring", deciding(16)}, options.offspring);
    visit(Option{"polish", "polish", deciding(18)}, options.polish);
    visit(Option{"prune", "prune", deciding(17)}, options.prune);
    visit(Option{"same-distance", "same_distance", deciding(19)}, same.distance);
    visit(Option{"same-value", "same_value", deciding(20)}, same.value);
    visit(Option{"same-exact-value", "same_exact_value", deciding(21)}, same.exact_value);
    visit(Option{"precision", "precision", deciding(14)}, options.precision);
    visit(Option{"maximize", "maximize", deciding(23), Notation::truth}, options.maximize);
    visit(Option{"threads", "threads"}, options.threads);
    visit(Option{"isa", "isa"}, options.isa);  // the search itself saves the one it uses
    visit(Option{"jit", "jit", told(25)}, options.jit);
    visit(Option{"tile_lanes", "tile_lanes", {}, Notation::in_code_alone}, options.tile_lanes);
    visit(Option{"memory", "memory", deciding(24), Notation::bytes}, options.memory);
    visit(Option{"max-time", "max_time", told(26)}, options.max_time);
    visit(Option{"max-evaluations", "max_evaluations", told(27)}, options.max_evaluations);
    visit(Option{"target", "target", told(28)}, options.target);
    visit(Option{"max-unseen", "max_unseen", deciding(22)}, options.max_unseen);
    visit(Option{"minima", "most_minima", told(29)}, options.most_minima);
    visit(Option{"every"}, options.checkpoint_every);
}

/// Those that are saved, in the order of a state.
template <class SomeOptions, class Visit>
void visit_saved(SomeOptions& options, Visit visit) {
    std::size_t saved = 0;
    visit_options(options,
                  [&](const Option& option, auto& /*field*/) { saved += option.saved.place ? 1 : 0; });
    for (std::size_t place = 0; place < saved; ++place) {
        visit_options(options, [&](const Option& option, auto& field) {
            if (option.saved.place == place) visit(option, field);
        });
    }
}

/// The options with a value for what was not set where that is known before the search: starts, design, beta2
/// and final_alpha.
Options with_used(Options options, std::size_t dimension);

}  // namespace lanewise
