// The options of a search, once: name, JSON key, part in a saved state and field of each. Text, JSON, saved
// states and checks go over this list.
#pragma once

#include <cstddef>
#include <string_view>

#include "lanewise/options.hpp"

namespace lanewise {

/// What an option is to a search that is saved and goes on.
enum class Saved {
    no,
    told,            ///< saved so that it can be told; it may be another when the search goes on
    deciding_parts,  ///< told; what a part of a search finds depends on it
    deciding,        ///< results depend on it: it has to be the same when the search goes on
};

/// How an option is written where that does not follow from its type.
enum class Notation {
    usual,
    large_count,    ///< in a problem file it can be a string too: a whole number of TOML ends at 2^63 - 1
    bytes,          ///< "500M"
    truth,          ///< in JSON true and false, not "on" and "off"
    number_or_off,  ///< "off" is 0
    not_stdout,     ///< a file that cannot be "-"
    formula,        ///< no file
    part,           ///< "3/100": names all parts, too
    in_code_alone,  ///< neither flag nor key of a problem file
};

struct Option {
    std::string_view name;       ///< of flag and key, and in errors
    std::string_view json = {};  ///< empty: it is not in JSON
    Saved saved = Saved::no;
    Notation notation = Notation::usual;
};

/// Calls `visit(option, field)` for all that is no function, in the order of JSON and of a saved state. A
/// change of what is saved gives the state another format.
template <class SomeOptions, class Visit>
void visit_options(SomeOptions& options, Visit visit) {
    auto& rule = options.rule;
    visit(Option{"starts", "starts", Saved::deciding}, options.starts);
    visit(Option{"start", "start_points", Saved::deciding}, options.start_points);
    visit(Option{"seed", "seed", Saved::deciding, Notation::large_count}, options.seed);
    visit(Option{"design", "design", Saved::deciding}, options.design);
    visit(Option{"iterations", "iterations", Saved::deciding}, options.iterations);
    visit(Option{"batch-rows", "batch_rows", Saved::deciding}, options.batch_rows);
    visit(Option{"rule", "rule", Saved::deciding}, rule.method);
    visit(Option{"alpha", "alpha", Saved::deciding}, rule.alpha);
    visit(Option{"beta1", "beta1", Saved::deciding}, rule.beta1);
    visit(Option{"beta2", "beta2", Saved::deciding}, rule.beta2);
    visit(Option{"eps", "eps", Saved::deciding}, rule.eps);
    visit(Option{"schedule", "schedule", Saved::deciding}, options.schedule);
    visit(Option{"warm-up", "warm_up", Saved::deciding}, options.warm_up);
    visit(Option{"final-alpha", "final_alpha", Saved::deciding}, options.final_alpha);
    visit(Option{"scale", "scale", Saved::deciding}, options.scale);
    visit(Option{"explore", "explore", Saved::deciding}, options.explore);
    visit(Option{"offspring", "offspring", Saved::deciding}, options.offspring);
    visit(Option{"polish", "polish", Saved::deciding}, options.polish);
    visit(Option{"prune", "prune", Saved::deciding}, options.prune);
    visit(Option{"same-distance", "same_distance", Saved::deciding}, options.same_distance);
    visit(Option{"precision", "precision", Saved::deciding}, options.precision);
    visit(Option{"maximize", "maximize", Saved::deciding, Notation::truth}, options.maximize);
    visit(Option{"parts", "parts", Saved::deciding}, options.parts);
    visit(Option{"part", "part", Saved::deciding, Notation::part}, options.part);
    visit(Option{"rounds", "rounds", Saved::deciding}, options.rounds);
    visit(Option{"start-ids", "start_ids", Saved::deciding_parts}, options.start_ids);
    visit(Option{"threads", "threads"}, options.threads);
    visit(Option{"isa", "isa"}, options.isa);  // the search itself saves the one it uses
    visit(Option{"jit", "jit", Saved::told}, options.jit);
    visit(Option{"tile_lanes", "tile_lanes", Saved::no, Notation::in_code_alone}, options.tile_lanes);
    visit(Option{"memory", "memory", Saved::deciding, Notation::bytes}, options.memory);
    visit(Option{"max-time", "max_time", Saved::told}, options.max_time);
    visit(Option{"max-evaluations", "max_evaluations", Saved::deciding_parts}, options.max_evaluations);
    visit(Option{"target", "target", Saved::deciding_parts}, options.target);
    visit(Option{"settle", "settle", Saved::deciding, Notation::number_or_off}, options.settle);
    visit(Option{"minima", "most_minima", Saved::told}, options.most_minima);
    visit(Option{"every"}, options.checkpoint_every);
}

/// The same for those that are saved.
template <class SomeOptions, class Visit>
void visit_saved(SomeOptions&& options, Visit visit) {
    visit_options(options, [&](const Option& option, auto& field) {
        if (option.saved != Saved::no) visit(option, field);
    });
}

/// The options with a value for what was not set where that is known before the search: starts, settle,
/// design, beta2 and final_alpha.
Options with_used(Options options, std::size_t dimension);

}  // namespace lanewise
