// States with a right checksum that no search has written: every field has a rule, and is refused by its name
// where that does not hold.
#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <limits>
#include <string>

#include "bits_of.hpp"
#include "catch.hpp"
#include "lanewise/lanewise.hpp"
#include "search/state.hpp"
#include "search/state_rules.hpp"

using namespace lanewise;
using test::bits_of;

namespace {

constexpr double a_nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::size_t huge = 1'000'000'000'000'000'000;

const Box box{{"x", -5, 5, 2}, {"t", 0.5, 3}};
const Parameters parameters{{"a", 100}, {"b", 1}};
// Runs are merged and pruned, and some break.
const Expression objective("sum(i, 0, 1, abs(x[i])^0.5) + a*sin(7*x[0]*x[1]) + b*t^2 + sqrt(x[1] + 4.5)", box,
                           parameters);
// Wide tiles have lanes to spare. When the search is asked whether to stop does not hang on the time.
const Options options{
    .starts = 200, .seed = 5, .iterations = 200, .jit = Jit::off, .threads = 1, .tile_lanes = 48};

std::vector<std::string> save_all() {
    std::vector<std::string> states;
    Options saving = options;
    saving.checkpoint = [&](std::string_view state) { states.emplace_back(state); };
    saving.checkpoint_every = 0;
    minimize(objective, box, saving);
    for (const int stages : {1, 2, 5, 9}) {  // halted in the middle of the next
        int told = 0;
        int calls = 0;
        saving.progress = [&](const Progress&) { ++told; };
        saving.stop = [&] { return told >= stages && ++calls > 2; };
        minimize(objective, box, saving);
    }
    return states;
}

const std::vector<std::string>& all_states() {
    static const std::vector<std::string> states = save_all();
    return states;
}

std::string with_checksum(std::string_view bytes) {
    Writer writer;
    writer(std::span(bytes));
    return end_state(std::move(writer));
}

std::string_view without_checksum(std::string_view state) {
    return state.substr(0, state.size() - sizeof(std::uint64_t));
}

// What a state holds, as src/search writes it.

struct SavedWave {
    double alpha;
    std::size_t iterations, first, runs, iteration, stage, cut_off, alive;
    std::vector<std::uint8_t> looks_unchanged;
    std::vector<double> first_f, last_f, earlier_best_f;
    std::vector<std::uint8_t> is_sample;
    std::size_t lanes, tile_lanes;
    std::vector<std::uint32_t> run;
    std::vector<double> points, moments, f, slope, best_f, steps_taken;
    std::vector<std::int32_t> best_iteration;
    std::vector<std::uint8_t> status;

    template <class Archive>
    void archive(Archive& archive) {
        archive(alpha, iterations, first, runs, iteration, stage, cut_off, alive, looks_unchanged, first_f,
                last_f, earlier_best_f, is_sample, lanes, tile_lanes);
        if constexpr (Archive::reads) {
            const std::size_t all = (lanes + tile_lanes - 1) / tile_lanes * tile_lanes;
            run.resize(lanes);
            points.resize(2 * box.dimension() * all);
            moments.resize(3 * box.dimension() * all);  // Adam's
            for (auto* row : {&f, &slope, &best_f, &steps_taken}) row->resize(all);
            best_iteration.resize(all);
            status.resize(all);
        }
        archive(std::span(run), std::span(points), std::span(moments), std::span(f), std::span(slope),
                std::span(best_f), std::span(steps_taken), std::span(best_iteration), std::span(status));
    }
};

struct State {
    Findings findings = Findings(box.dimension());
    Next next;
    bool settled;
    double best_before_starts;
    std::size_t begun;
    bool breeding;
    std::size_t barren;
    double best_before;
    std::vector<double> best_x_before;
    std::size_t first;
    std::vector<std::uint32_t> to_converge;
    std::uint64_t converge_evaluations;
    std::size_t converge_group;
    std::size_t last_rounds;
    std::size_t asked_for_joints;
    std::uint64_t joint_evaluations;
    std::vector<PolishStart> to_polish;
    bool best_first;
    std::uint64_t polish_evaluations;
    std::vector<Parent> parents;
    EngineWork work;
    double seconds;
    bool in_wave;
    SavedWave wave;

    Runs& runs = findings.runs;
    BestSoFar& best = findings.best;
    std::vector<Polished>& polished = findings.polished;

    template <class Archive>
    void archive(Archive& archive) {
        archive(findings, next, settled, best_before_starts, begun, breeding, barren, best_before,
                best_x_before, first, to_converge, converge_evaluations, converge_group, last_rounds,
                asked_for_joints, joint_evaluations, to_polish, best_first, polish_evaluations, parents, work,
                seconds, in_wave);
        if (in_wave) archive(wave);
    }
};

/// What stands before that.
struct SavedVariable {
    std::string name;
    std::optional<std::size_t> length;
    std::optional<bool> log;

    template <class Archive>
    void archive(Archive& archive) {
        archive(name, length, log);
    }
};
struct SavedParameter {
    std::string name;
    double value;

    template <class Archive>
    void archive(Archive& archive) {
        archive(name, value);
    }
};
struct SavedProblem {
    std::vector<SavedVariable> variables;
    std::vector<double> lower, upper;
    bool has_formula;
    std::string expression;
    std::vector<SavedParameter> parameters;
    std::string data;

    template <class Archive>
    void archive(Archive& archive) {
        archive(variables, lower, upper, has_formula, expression, parameters, data);
    }
};

template <class T>
std::string bytes_of(T& part) {
    Writer writer;
    writer(part);
    return writer.take();
}

/// A real state with an edit: of the first that it can be made in, where it returns true. Empty if there is
/// none.
std::string forge(const std::function<bool(State&)>& edit) {
    for (const std::string& real : all_states()) {
        State state;
        open_state(real).rest(state);
        const std::size_t head = without_checksum(real).size() - bytes_of(state).size();
        if (edit(state)) return with_checksum(real.substr(0, head) + bytes_of(state));
    }
    return {};
}

std::string forge_problem(const std::function<void(SavedProblem&)>& edit) {
    constexpr std::size_t header = 24;  // the first line, and the format
    const std::string& real = all_states().back();
    SavedProblem problem;
    Reader reader(std::string_view(real).substr(header));
    reader(problem);
    const std::size_t size = bytes_of(problem).size();
    edit(problem);
    return with_checksum(real.substr(0, header) + bytes_of(problem) +
                         std::string(without_checksum(real).substr(header + size)));
}

/// Nothing comes after the options: they are refused before that is read.
std::string forge_options(const std::function<void(Options&)>& edit, Isa isa = choose_isa()) {
    Setting setting(objective, box, options);
    setting.isa = isa;
    Options forged = options;
    edit(forged);
    setting.options = &forged;
    return end_state(begin_state(setting));
}

auto names(const char* field) {
    return ContainsSubstring("the checkpoint is damaged or not complete: " + std::string(field));
}

}  // namespace

TEST_CASE("what a state holds is known here") {
    const std::string expected = bits_of(minimize(objective, box, options));
    std::size_t cut_off = 0;
    std::size_t given_up = 0;
    std::size_t spared = 0;
    for (const std::string& real : all_states()) {
        State state;
        open_state(real).rest(state);
        const std::string bytes = bytes_of(state);
        CHECK(without_checksum(real).ends_with(bytes));
        if (state.in_wave && state.wave.cut_off > 0) ++cut_off;
        given_up += static_cast<std::size_t>(
            std::ranges::count_if(state.runs.given_up_for, [](auto run) { return run != Runs::nothing; }));
        spared += static_cast<std::size_t>(
            std::ranges::count_if(state.runs.spared_from, [](auto run) { return run != Runs::nothing; }));
    }
    CHECK(cut_off > 0);
    CHECK(given_up > 0);
    CHECK(spared > 0);
    CHECK(bits_of(resume(forge([](State&) { return true; }), objective, box, options)) == expected);
}

TEST_CASE("a forged search is refused by the name of the field") {
    struct Forgery {
        const char* field;
        std::function<bool(State&)> edit;
    };
    // Where an edit needs something to be there, the first state that has it is taken.
    const auto set = [](auto member, auto value) {
        return [member, value](State& s) {
            member(s) = value;
            return true;
        };
    };
    const auto in_wave = [](auto edit) {
        return [edit](State& s) {
            // Not all runs of the wave are over, and it has been looked at.
            if (!s.in_wave || s.wave.alive < 8 || s.wave.stage == 0 || s.wave.cut_off > 0) return false;
            const auto live = std::ranges::find(s.wave.status, std::uint8_t{kernels::live});
            edit(s, static_cast<std::size_t>(live - s.wave.status.begin()));
            return true;
        };
    };
    const auto with_polished = [](auto edit) {
        return [edit](State& s) {
            if (s.polished.empty()) return false;
            edit(s.polished.back());
            return true;
        };
    };
    const auto with_start = [](auto edit) {
        return [edit](State& s) {
            if (s.to_polish.empty()) return false;
            edit(s.to_polish.back(), s);
            return true;
        };
    };
    const auto with_parents = [](auto edit) {
        return [edit](State& s) {
            if (s.parents.empty()) return false;
            edit(s.parents.back(), s);
            return true;
        };
    };
    const auto with_best = [](auto edit) {
        return [edit](State& s) {
            if (s.best.x.empty() || s.runs.count() < 40) return false;
            edit(s.best);
            return true;
        };
    };
    /// A run of that status; nothing else about it is changed.
    const auto with_run = [](RunStatus status, auto edit) {
        return [status, edit](State& s) {
            const auto run = std::ranges::find(s.runs.status, status);
            if (run == s.runs.status.end()) return false;
            edit(s.runs, static_cast<std::size_t>(run - s.runs.status.begin()));
            return true;
        };
    };
    const auto ended = [&](auto edit) { return with_run(RunStatus::max_iterations, edit); };
    const auto going = [&](auto edit) { return with_run(RunStatus::stopped, edit); };
    const auto given_up_for = [&](RunStatus status, std::int64_t other) {
        return with_run(status, [other](Runs& runs, std::size_t run) { runs.given_up_for[run] = other; });
    };
    const auto polished_box = [&](auto member) {
        return [=](double at) { return with_polished([=](Polished& p) { member(p)[2] = at; }); };
    };
    const auto polished_at = polished_box([](Polished & p) -> auto& { return p.x; });
    const auto polished_from = polished_box([](Polished & p) -> auto& { return p.start_x; });

    const std::vector<Forgery> forgeries = {
        {"runs.id", ended([](Runs& runs, std::size_t) { runs.id.pop_back(); })},
        {"runs.line", ended([](Runs& runs, std::size_t) { runs.line.push_back(0); })},
        {"runs.f", ended([](Runs& runs, std::size_t) { runs.f.pop_back(); })},
        {"runs.x", ended([](Runs& runs, std::size_t) { runs.x.pop_back(); })},
        {"runs.x", ended([](Runs& runs, std::size_t) { runs.x.clear(); })},
        {"runs.iteration", ended([](Runs& runs, std::size_t) { runs.iteration.clear(); })},
        {"runs.given_up_for", ended([](Runs& runs, std::size_t) { runs.given_up_for.pop_back(); })},
        {"runs.spared_from", ended([](Runs& runs, std::size_t) { runs.spared_from.pop_back(); })},
        {"begun", set([](State& s) -> auto& { return s.begun; }, huge)},
        {"offspring", set([](State& s) -> auto& { return s.findings.offspring; }, huge)},
        {"offspring",
         [](State& s) { return s.begun-- > 0; }},
        {"runs.id", ended([](Runs& runs, std::size_t) { runs.id[1] = 0; })},
        {"runs.id", ended([](Runs& runs, std::size_t) { runs.id.back() = huge; })},
        {"runs.line", ended([](Runs& runs, std::size_t run) { runs.line[run] = runs.id[run] + 1; })},
        {"runs.line",
         [](State& s) {
             if (s.findings.offspring == 0) return false;
             const auto child = std::ranges::find(s.runs.id, std::uint64_t{200});
             s.runs.line[static_cast<std::size_t>(child - s.runs.id.begin())] = s.begun;
             return true;
         }},
        {"runs.status", ended([](Runs& runs, std::size_t run) { runs.status[run] = RunStatus(8); })},
        {"runs.status", ended([](Runs& runs, std::size_t run) {
             runs.status[run] = RunStatus::stopped;  // but there is no lane for it
             runs.f[run] = infinity;
             runs.given_up_for[run] = Runs::nothing;
         })},
        {"runs.f", ended([](Runs& runs, std::size_t run) { runs.f[run] = a_nan; })},
        {"runs.f", ended([](Runs& runs, std::size_t run) { runs.f[run] = -infinity; })},
        {"runs.f", going([](Runs& runs, std::size_t run) { runs.f[run] = 1; })},
        {"runs.x", ended([](Runs& runs, std::size_t run) { runs.x[3 * run] = a_nan; })},
        {"runs.x", ended([](Runs& runs, std::size_t run) { runs.x[3 * run] = 1e19; })},
        {"runs.x", ended([](Runs& runs, std::size_t run) { runs.x[3 * run + 2] = 0.4; })},
        {"runs.iteration", ended([](Runs& runs, std::size_t run) { runs.iteration[run] = 200; })},
        {"runs.iteration", ended([](Runs& runs, std::size_t run) { runs.iteration[run] = -2; })},
        {"runs.given_up_for", given_up_for(RunStatus::pruned, Runs::nothing)},
        {"runs.given_up_for", given_up_for(RunStatus::pruned, ~std::int64_t{0})},
        {"runs.given_up_for", given_up_for(RunStatus::pruned, 1'000'000)},
        {"runs.given_up_for", given_up_for(RunStatus::merged, Runs::nothing)},
        {"runs.given_up_for", given_up_for(RunStatus::merged, ~std::int64_t{1'000'000})},
        {"runs.given_up_for", given_up_for(RunStatus::stopped, 0)},
        {"runs.given_up_for", given_up_for(RunStatus::converged_gradient, 1'000'000)},
        {"runs.given_up_for",
         with_run(RunStatus::pruned,
                  [](Runs& runs, std::size_t run) {
                      runs.given_up_for[run] = static_cast<std::int64_t>(run);  // a circle
                  })},
        {"runs.given_up_for",
         ended([](Runs& runs, std::size_t) {
             for (std::size_t run = 0; run <= most_given_up_in_a_row; ++run) {  // too far
                 runs.status[run] = RunStatus::pruned;
                 runs.given_up_for[run] = static_cast<std::int64_t>(run) + 1;
             }
             runs.given_up_for[most_given_up_in_a_row + 1] = Runs::nothing;
             runs.status[most_given_up_in_a_row + 1] = RunStatus::max_iterations;
         })},
        {"runs.spared_from", ended([](Runs& runs, std::size_t run) { runs.spared_from[run] = 1'000'000; })},
        {"runs.spared_from", ended([](Runs& runs, std::size_t run) { runs.spared_from[run] = ~0; })},

        {"best.f", with_best([](BestSoFar& best) { best.f = a_nan; })},
        {"best.f", with_best([](BestSoFar& best) { best.f = -infinity; })},
        {"best.x", with_best([](BestSoFar& best) { best.f = infinity; })},
        {"best.x", with_best([](BestSoFar& best) { best.x.push_back(0); })},
        {"best.x", with_best([](BestSoFar& best) { best.x.clear(); })},
        {"best.x", with_best([](BestSoFar& best) { best.x[0] = 5.1; })},
        {"best.x", with_best([](BestSoFar& best) { best.x[1] = a_nan; })},
        {"best.id", with_best([](BestSoFar& best) { best.id = huge; })},
        {"best.line", with_best([](BestSoFar& best) { ++best.line; })},
        {"best.iteration", with_best([](BestSoFar& best) { best.iteration = 200; })},
        {"best.iteration", with_best([](BestSoFar& best) { best.iteration = -2; })},

        {"joints", set([](State& s) -> auto& { return s.findings.joints; },
                       std::vector<Joint>{{0, 1'000'000}})},
        {"joint_evaluations", set([](State& s) -> auto& { return s.joint_evaluations; }, huge)},
        {"asked_for_joints", set([](State& s) -> auto& { return s.asked_for_joints; }, huge)},
        {"polished.f", with_polished([](Polished& p) { p.f = a_nan; })},
        {"polished.f", with_polished([](Polished& p) { p.f = p.start_f + 1; })},
        {"polished.x", with_polished([](Polished& p) { p.x.pop_back(); })},
        {"polished.x", polished_at(0.4)},
        {"polished.x", polished_at(a_nan)},
        {"polished.start_f", with_polished([](Polished& p) { p.start_f = infinity; })},
        {"polished.start_x", with_polished([](Polished& p) { p.start_x.push_back(1); })},
        {"polished.start_x", polished_from(-1e300)},
        {"polished.run", with_polished([](Polished& p) { p.run = huge; })},
        {"polished.run", with_polished([](Polished& p) { p.iteration = 200; })},
        {"polished.evaluations", with_polished([](Polished& p) { p.evaluations = ~std::uint64_t{0}; })},

        {"iterations", set([](State& s) -> auto& { return s.findings.iterations; }, 201)},
        {"work.seconds", set([](State& s) -> auto& { return s.findings.work.seconds; }, a_nan)},
        {"work.run_iterations", set([](State& s) -> auto& { return s.findings.work.run_iterations; }, 2 * huge)},
        {"work.evaluations", set([](State& s) -> auto& { return s.findings.work.evaluations; }, 2 * huge)},
        {"work.lane_occupancy", set([](State& s) -> auto& { return s.findings.work.lane_occupancy; }, 1.5)},
        {"threads", set([](State& s) -> auto& { return s.findings.threads; }, 0)},
        {"tile_lanes", set([](State& s) -> auto& { return s.findings.tile_lanes; }, 17)},
        {"next", set([](State& s) -> auto& { return s.next; }, Next(7))},
        {"next", in_wave([](State& s, std::size_t) { s.next = Next::begin_wave; })},
        {"next",
         [](State& s) {
             s.next = Next::stage;
             return !s.in_wave;
         }},
        {"settled", set([](State& s) -> auto& { return s.settled; }, true)},
        {"best_before_starts", set([](State& s) -> auto& { return s.best_before_starts; }, a_nan)},
        {"barren", set([](State& s) -> auto& { return s.barren; }, 17)},
        {"best_before", set([](State& s) -> auto& { return s.best_before; }, a_nan)},
        {"best_x_before", in_wave([](State& s, std::size_t) { s.best_x_before.push_back(0); })},
        {"first", set([](State& s) -> auto& { return s.first; }, huge)},
        {"to_converge", set([](State& s) -> auto& { return s.to_converge; }, std::vector<std::uint32_t>{1U << 31U})},
        {"to_converge",
         [](State& s) {
             const auto over = std::ranges::find(s.runs.status, RunStatus::converged_gradient);
             if (over == s.runs.status.end()) return false;
             s.to_converge = {static_cast<std::uint32_t>(over - s.runs.status.begin())};
             return true;
         }},
        {"converge_group", set([](State& s) -> auto& { return s.converge_group; }, huge)},
        {"converge_evaluations", set([](State& s) -> auto& { return s.converge_evaluations; }, huge)},
        {"last_rounds", set([](State& s) -> auto& { return s.last_rounds; }, huge)},
        {"to_polish", with_start([](PolishStart& start, State&) { start.x.clear(); })},
        {"to_polish", with_start([](PolishStart& start, State&) { start.x[0] = a_nan; })},
        {"to_polish", with_start([](PolishStart& start, State&) { start.x[2] = 0; })},
        {"to_polish", with_start([](PolishStart& start, State&) { start.run = huge; })},
        {"to_polish", with_start([](PolishStart& start, State&) { start.iteration = -2; })},
        {"to_polish", with_start([](PolishStart& start, State& s) {
             s.to_polish.resize(s.runs.count() + 1, start);
         })},
        {"polish_evaluations", set([](State& s) -> auto& { return s.polish_evaluations; }, 2 * huge)},
        {"parents", with_parents([](auto& parent, State& s) {
             s.parents.resize(most_parents + 1, parent);
         })},
        {"parents.f", with_parents([](auto& parent, State&) { parent.f = infinity; })},
        {"parents.x", with_parents([](auto& parent, State&) { parent.x.pop_back(); })},
        {"parents.x", with_parents([](auto& parent, State&) { parent.x[0] = -6; })},
        {"parents.line", with_parents([](auto& parent, State& s) { parent.line = s.begun; })},
        {"run_iterations", set([](State& s) -> auto& { return s.work.run_iterations; }, 2 * huge)},
        {"lane_iterations", set([](State& s) -> auto& { return s.work.lane_iterations; }, 2 * huge)},
        {"evaluations", set([](State& s) -> auto& { return s.work.evaluations; }, 2 * huge)},
        {"seconds", set([](State& s) -> auto& { return s.seconds; }, a_nan)},
        {"seconds", set([](State& s) -> auto& { return s.seconds; }, -1)},

        {"wave.tile_lanes", in_wave([](State& s, std::size_t) { s.wave.tile_lanes = 0; })},
        {"wave.tile_lanes", in_wave([](State& s, std::size_t) { s.wave.tile_lanes = 24; })},
        {"wave.lanes", in_wave([](State& s, std::size_t) { s.wave.tile_lanes = huge * 16; })},
        {"wave.lanes", in_wave([](State& s, std::size_t) { s.wave.lanes = huge; })},
        {"wave.alpha", in_wave([](State& s, std::size_t) { s.wave.alpha = 0.06; })},
        {"wave.alpha", in_wave([](State& s, std::size_t) { s.wave.alpha = a_nan; })},
        {"wave.iterations", in_wave([](State& s, std::size_t) { s.wave.iterations = 201; })},
        {"wave.iterations", in_wave([](State& s, std::size_t) { s.wave.iterations = 0; })},
        {"wave.runs", in_wave([](State& s, std::size_t) { ++s.wave.runs; })},
        {"wave.runs", in_wave([](State& s, std::size_t) { ++s.wave.first; })},
        {"wave.runs", in_wave([](State& s, std::size_t) {
             s.wave.first = s.runs.count();
             s.wave.runs = 0;
         })},
        {"wave.breeding", in_wave([](State& s, std::size_t) { s.breeding = !s.breeding; })},
        {"wave.iteration", in_wave([](State& s, std::size_t) { s.wave.iteration = 201; })},
        {"wave.stage", in_wave([](State& s, std::size_t) { s.wave.stage = huge; })},
        {"wave.cut_off", in_wave([](State& s, std::size_t) { s.wave.cut_off = huge; })},
        {"wave.looks_unchanged", in_wave([](State& s, std::size_t) { s.wave.looks_unchanged.pop_back(); })},
        {"wave.looks_unchanged", in_wave([](State& s, std::size_t) { s.wave.looks_unchanged.back() = 4; })},
        {"wave.first_f", in_wave([](State& s, std::size_t) { s.wave.first_f.clear(); })},
        {"wave.first_f", in_wave([](State& s, std::size_t) { s.wave.first_f.back() = a_nan; })},
        {"wave.last_f", in_wave([](State& s, std::size_t) { s.wave.last_f.clear(); })},
        {"wave.last_f", in_wave([](State& s, std::size_t) { s.wave.last_f.back() = a_nan; })},
        {"wave.earlier_best_f", in_wave([](State& s, std::size_t) { s.wave.earlier_best_f.push_back(0); })},
        {"wave.earlier_best_f", in_wave([](State& s, std::size_t) { s.wave.earlier_best_f.back() = a_nan; })},
        {"wave.is_sample", in_wave([](State& s, std::size_t) { s.wave.is_sample.pop_back(); })},
        {"wave.is_sample", in_wave([](State& s, std::size_t) { s.wave.is_sample.back() = 2; })},
        {"wave.run", in_wave([](State& s, std::size_t) { s.wave.run[0] = 0xFFFFFFFF; })},
        {"wave.run", in_wave([](State& s, std::size_t) { s.wave.run[0] = s.wave.run[1]; })},
        {"wave.status", in_wave([](State& s, std::size_t live) { s.wave.status[live] = 4; })},
        {"wave.status", in_wave([](State& s, std::size_t live) { s.wave.status[live] = kernels::ended; })},
        {"wave.status", in_wave([](State& s, std::size_t live) {
             s.runs.status[s.wave.run[live]] = RunStatus::max_iterations;
             s.runs.x[3 * s.wave.run[live] + 2] = 1;
         })},
        {"wave.status",
         [](State& s) {
             if (!s.in_wave || s.wave.lanes == s.wave.status.size()) return false;
             s.wave.status.back() = kernels::live;  // but there is no run
             return true;
         }},
        {"wave.alive", in_wave([](State& s, std::size_t) { ++s.wave.alive; })},
        {"wave.x", in_wave([](State& s, std::size_t) { s.wave.points.front() = a_nan; })},
        {"wave.best_x", in_wave([](State& s, std::size_t) { s.wave.points.back() = 1e19; })},
        {"wave.f", in_wave([](State& s, std::size_t live) { s.wave.f[live] = a_nan; })},
        {"wave.best_f", in_wave([](State& s, std::size_t live) { s.wave.best_f[live] = a_nan; })},
        {"wave.steps_taken", in_wave([](State& s, std::size_t live) { s.wave.steps_taken[live] = a_nan; })},
        {"wave.steps_taken", in_wave([](State& s, std::size_t live) { --s.wave.steps_taken[live]; })},
        {"wave.steps_taken", in_wave([](State& s, std::size_t live) { ++s.wave.steps_taken[live]; })},
        {"wave.steps_taken", in_wave([](State& s, std::size_t) { s.wave.steps_taken.back() = 0.5; })},
        {"wave.best_iteration", in_wave([](State& s, std::size_t live) { s.wave.best_iteration[live] = -2; })},
        {"wave.best_iteration", in_wave([](State& s, std::size_t live) {
             s.wave.best_iteration[live] = static_cast<std::int32_t>(s.wave.iteration);
         })},
    };
    for (std::size_t i = 0; i < forgeries.size(); ++i) {
        const auto& [field, edit] = forgeries[i];
        INFO("forgery " << i << ": " << field);
        const std::string state = forge(edit);
        REQUIRE_FALSE(state.empty());
        CHECK_THROWS_WITH(resume(state, objective, box, options), names(field));
        CHECK_THROWS_WITH(saved_result(state, objective, options.same_distance, 1000), names(field));
    }
}

TEST_CASE("a forged problem is refused by the name of the field") {
    const auto refused = [](const char* field, const std::function<void(SavedProblem&)>& edit) {
        CHECK_THROWS_WITH(read_saved(forge_problem(edit)), names(field));
    };
    CHECK_NOTHROW(read_saved(forge_problem([](SavedProblem&) {})));
    refused("box", [](SavedProblem& p) { p.upper.pop_back(); });
    refused("box", [](SavedProblem& p) { p.variables[0].length = huge; });
    refused("box", [](SavedProblem& p) { p.variables.pop_back(); });
    refused("variable 'x': length 0", [](SavedProblem& p) { p.variables[0].length = 0; });
    refused("variable 'x[0]': bounds -5:5 of a log", [](SavedProblem& p) { p.variables[0].log = true; });
    refused("variable 'x' is given twice", [](SavedProblem& p) { p.variables[1].name = "x"; });
    refused("variable 't': bounds nan:3", [](SavedProblem& p) { p.lower[2] = a_nan; });
    refused("variable 't': lower bound 0.5", [](SavedProblem& p) { p.upper[2] = 0.4; });
    refused("the box needs", [](SavedProblem& p) {
        p.variables.clear();
        p.lower.clear();
        p.upper.clear();
    });
    refused("param", [](SavedProblem& p) { p.parameters[0].name = "b"; });
    refused("param", [](SavedProblem& p) { p.parameters[0].name = "2"; });
    refused("param", [](SavedProblem& p) { p.parameters[0].value = a_nan; });
    CHECK_THROWS_WITH(saved_result(forge_problem([](SavedProblem& p) { p.expression.assign(100'000, '('); }),
                                   objective, {}, 1000),
                      ContainsSubstring("the saved search has '((((("));
}

TEST_CASE("forged options are refused by the name of the option") {
    const auto refused = [](const char* field, const std::function<void(Options&)>& edit) {
        CHECK_THROWS_WITH(read_saved(forge_options(edit)), names(field));
    };
    CHECK_NOTHROW(read_saved(forge_options([](Options&) {})));
    refused("starts 1000000000000000000", [](Options& o) { o.starts = huge; });
    refused("start 0 has 1 coordinates", [](Options& o) { o.start_points = {{0}}; });
    refused("start 0: x[0] = nan", [](Options& o) { o.start_points = {{a_nan, 0, 1}}; });
    refused("design", [](Options& o) { o.design = Design(3); });
    refused("rule", [](Options& o) { o.rule.method = Method(1000); });
    refused("rule", [](Options& o) { o.rule.method = Method(-1); });
    refused("schedule", [](Options& o) { o.schedule = Schedule(3); });
    refused("scale", [](Options& o) { o.scale = Scale(2); });
    refused("precision", [](Options& o) { o.precision = Precision(2); });
    refused("jit", [](Options& o) { o.jit = Jit(3); });
    refused("iterations 1000000000000000000", [](Options& o) { o.iterations = huge; });
    refused("alpha nan", [](Options& o) { o.rule.alpha = a_nan; });
    refused("warm-up 201", [](Options& o) { o.warm_up = 201; });
    refused("explore 0", [](Options& o) { o.explore = 0; });
    refused("same-distance nan", [](Options& o) { o.same_distance = a_nan; });
    refused("memory '1'", [](Options& o) { o.memory = 1; });
    refused("max-time nan", [](Options& o) { o.max_time = a_nan; });
    refused("target nan", [](Options& o) { o.target = a_nan; });
    for (const Isa isa : {Isa(4), Isa(-1)})
        CHECK_THROWS_WITH(read_saved(forge_options([](Options&) {}, isa)), names("isa"));
    // More than there is of either: to be asked for, but not to be taken to tell what was found.
    CHECK_NOTHROW(read_saved(forge_options([](Options& o) {
        o.starts = 4'000'000'000;
        o.memory = huge;
    })));
}

TEST_CASE("whatever is written over a state, it is refused or has a result") {
    const std::array words = {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{1} << 62U,
                              std::uint64_t{0x7FF8} << 48U};
    std::size_t refused = 0;
    std::size_t tried = 0;
    for (const std::size_t which : {all_states().size() / 3, all_states().size() - 1}) {
        const std::string_view real = without_checksum(all_states()[which]);
        for (std::size_t at = 0; at + sizeof(std::uint64_t) <= real.size(); at += 11) {
            std::string bytes(real);
            std::memcpy(bytes.data() + at, &words[tried++ % words.size()], sizeof(std::uint64_t));
            try {
                const std::string state = with_checksum(bytes);
                read_saved(state);
                saved_result(state, objective, options.same_distance, 1000);
            } catch (const NothingFinite&) {
            } catch (const std::invalid_argument&) {
                ++refused;
            }
        }
    }
    CHECK(refused > 0);
    CHECK(refused < tried);
}
