// Machine code made in the process: the bits of the interpreter, and nothing lost where there can be none.
#include <dlfcn.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <functional>
#include <limits>
#include <random>
#include <sstream>
#include <thread>

#include "aligned.hpp"
#include "bits_of.hpp"
#include "catch.hpp"
#include "engine/subnormals.hpp"
#include "folder.hpp"
#include "kernel_table.hpp"
#include "lanewise/lanewise.hpp"
#include "machine/assembler.hpp"
#include "machine/machine_code.hpp"
#include "objective/program_code.hpp"
#include "random_formula.hpp"

using namespace lanewise;
using kernels::Instruction;
using kernels::Opcode;
using machine::MachineCode;
using test::bits_of;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// But for sums over rows, which are of programs with data (tests/rows_test.cpp).
std::vector<Opcode> all_operations() {
    std::vector<Opcode> all;
    for (std::size_t op = 0; op < kernels::opcodes; ++op) {
        const auto opcode = static_cast<Opcode>(op);
        if (opcode != Opcode::sum_rows && opcode != Opcode::sum_products) all.push_back(opcode);
    }
    return all;
}

/// Those that this processor runs, and machine code is made for.
std::vector<Isa> isas_with_code() {
    std::vector<Isa> isas_here;
    for (const Isa isa : built_isas()) {
        if (isa_available(isa) && machine::has_machine_code(isa)) isas_here.push_back(isa);
    }
    return isas_here;
}

/// Bits; every NaN is the same.
template <class T>
std::uint64_t bits(T number) {
    if (std::isnan(number)) return 0x7ff8;
    return std::bit_cast<std::uint64_t>(static_cast<double>(number));
}

/// Points, and what comes of them: the rows of a block.
template <class T>
struct Points {
    std::size_t lanes;
    std::size_t dimension;
    AlignedArray<T> x, f, g, scratch;

    Points(std::size_t lanes_, std::size_t d, std::size_t registers)
        : lanes(lanes_), dimension(d), x(lanes * d), f(lanes), g(lanes * d), scratch(lanes * registers) {
        std::fill_n(f.data(), lanes, T(7));
        std::fill_n(g.data(), lanes * d, T(7));
    }

    std::vector<std::uint64_t> results() const {
        std::vector<std::uint64_t> all;
        for (std::size_t i = 0; i < lanes; ++i) all.push_back(bits(f[i]));
        for (std::size_t i = 0; i < lanes * dimension; ++i) all.push_back(bits(g[i]));
        return all;
    }
};

template <class T>
constexpr Precision precision = sizeof(T) == sizeof(double) ? Precision::f64 : Precision::f32;

template <class T>
AlignedArray<T> constant_rows(const Lowered& lowered) {
    AlignedArray<T> rows(lowered.constants.size() * kernels::lane_group);
    for (std::size_t i = 0; i < rows.size(); ++i)
        rows[i] = static_cast<T>(lowered.constants[i / kernels::lane_group]);
    return rows;
}

template <class T>
void interpret(const Lowered& lowered, Isa isa, Points<T>& rows) {
    const AlignedArray<T> constants = constant_rows<T>(lowered);
    kernels::functions<T>(kernel_table(isa))
        .interpret({lowered.instructions.data(), lowered.instructions.size(), constants.data()}, rows.lanes,
                   rows.x.data(), rows.scratch.data(), rows.f.data(), rows.g.data());
}

template <class T>
void check_program(const Lowered& lowered, const Points<T>& points) {
    for (const Isa isa : isas_with_code()) {
        const auto results = [&](auto run) {
            Points<T> rows(points.lanes, points.dimension, lowered.registers);
            std::copy_n(points.x.data(), points.x.size(), rows.x.data());
            run(rows);
            return rows.results();
        };
        const MachineCode code(lowered, points.dimension, isa, precision<T>);
        const auto interpreted = results([&](Points<T>& rows) { interpret(lowered, isa, rows); });
        const auto executed = results([&](Points<T>& rows) {
            kernels::functions<T>(code.kernels())
                .evaluate(rows.lanes, rows.x.data(), rows.f.data(), rows.g.data(), rows.scratch.data());
        });
        INFO(isa_name(isa));
        // One assertion for all: Catch takes longer than the code.
        std::size_t differing = 0;
        for (std::size_t i = 0; i < executed.size(); ++i) differing += executed[i] != interpreted[i];
        CHECK(differing == 0);
    }
}

constexpr double awkward[] = {0.0,
                              -0.0,
                              1.0,
                              -1.0,
                              0.5,
                              -2.5,
                              3.0,
                              infinity,
                              -infinity,
                              std::numeric_limits<double>::quiet_NaN(),
                              1e-310,
                              -1e-310,
                              2.2250738585072014e-308,
                              1e-40,
                              1e300,
                              -1e300,
                              1e38,
                              8191.75,
                              8192.25,
                              -1e7,
                              1e22,
                              0.75,
                              -0.75,
                              1.5707963267948966,
                              4.5,
                              -7.0,
                              1e-9,
                              123.456};
constexpr std::size_t awkwards = std::size(awkward);

/// Variables x, y and z that go through all pairs of awkward numbers, with another for the third.
template <class T>
Points<T> awkward_points(std::size_t registers) {
    const std::size_t pairs = awkwards * awkwards;
    const std::size_t lanes =
        (3 * pairs + kernels::lane_group - 1) / kernels::lane_group * kernels::lane_group;
    Points<T> rows(lanes, 3, registers);
    for (std::size_t i = 0; i < lanes; ++i) {
        rows.x[i] = static_cast<T>(awkward[i % awkwards]);
        rows.x[lanes + i] = static_cast<T>(awkward[i / awkwards % awkwards]);
        rows.x[2 * lanes + i] = static_cast<T>(awkward[(i * 7 + i / pairs * 5 + i / awkwards) % awkwards]);
    }
    return rows;
}

constexpr std::uint32_t x_row = kernels::operand(kernels::variable, 0);
constexpr std::uint32_t y_row = kernels::operand(kernels::variable, 1);
constexpr std::uint32_t z_row = kernels::operand(kernels::variable, 2);
constexpr std::uint32_t f_row = kernels::operand(kernels::value, 0);
constexpr std::uint32_t g_row = kernels::operand(kernels::gradient, 0);

/// An operation of these operands: first result to f, second to g[0]; the rest of the gradient is x.
Lowered one_operation(Opcode op, std::uint16_t variant, std::uint32_t a, std::uint32_t b, std::uint32_t c,
                      double constant = -2.5) {
    Lowered lowered;
    lowered.constants = {constant};
    Instruction instruction{
        .op = op, .variant = variant, .to = f_row, .a = a, .b = b, .c = c, .d = z_row, .e = g_row};
    if (op == Opcode::sincos) instruction.b = g_row;
    lowered.instructions.push_back(instruction);
    for (std::uint32_t j = op == Opcode::sincos || op == Opcode::twins ? 1 : 0; j < 3; ++j)
        lowered.instructions.push_back({.op = Opcode::copy, .to = g_row + j, .a = x_row});
    return lowered;
}

/// Instructions in any order over a few rows, so that registers are short and values wait long; every row of
/// the gradient is written several times.
Lowered random_program(std::uint64_t seed, std::size_t count, std::uint32_t registers, std::uint32_t d,
                       bool with_calls) {
    std::mt19937_64 random(seed);
    const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
    Lowered lowered;
    lowered.registers = registers;
    for (int i = 0; i < 20; ++i) lowered.constants.push_back(std::ldexp(1.0 + 0.1 * i, i % 5 - 2));
    std::vector<std::uint32_t> written;
    const auto operand = [&] {
        const std::uint32_t kind = below(10);
        if (kind < 2 || written.empty()) return kernels::operand(kernels::variable, below(d));
        if (kind == 2) return kernels::operand(kernels::constant, below(20));
        return written[below(static_cast<std::uint32_t>(written.size()))];
    };
    const auto target = [&] {
        const std::uint32_t kind = below(12);
        if (kind == 0) return kernels::operand(kernels::gradient, below(d));
        return kernels::operand(kernels::scratch, below(registers));
    };
    std::vector<Opcode> operations;
    for (const Opcode op : all_operations()) {
        const bool is_call = op >= Opcode::gamma && op != Opcode::twins;
        // Calls are rarer: they empty the registers.
        if (!is_call || (with_calls && below(4) == 0))
            operations.insert(operations.end(), is_call ? 1 : 4, op);
    }
    for (std::size_t i = 0; i < count; ++i) {
        Instruction instruction{.op = operations[below(static_cast<std::uint32_t>(operations.size()))]};
        instruction.variant = static_cast<std::uint16_t>(below(9));
        instruction.a = operand();
        instruction.b = operand();
        instruction.c = operand();
        instruction.d = operand();
        instruction.to = target();
        const bool is_sincos = instruction.op == Opcode::sincos;
        do instruction.e = target();
        while (instruction.e == instruction.to);
        if (is_sincos) instruction.b = instruction.e;
        lowered.instructions.push_back(instruction);
        written.push_back(instruction.to);
        if (is_sincos || instruction.op == Opcode::twins) written.push_back(instruction.e);
    }
    // What is left is summed up: all that was computed counts.
    for (std::uint32_t j = 0; j < d; ++j)
        lowered.instructions.push_back(
            {.op = Opcode::fma, .to = g_row + j, .a = operand(), .b = operand(), .c = operand()});
    lowered.instructions.push_back({.op = Opcode::add, .to = f_row, .a = operand(), .b = operand()});
    return lowered;
}

template <class T>
Points<T> random_points(std::uint64_t seed, std::size_t lanes, std::size_t d, std::size_t registers) {
    Points<T> rows(lanes, d, registers);
    std::mt19937_64 random(seed);
    std::uniform_real_distribution<double> inside(-3, 3);
    for (std::size_t i = 0; i < lanes * d; ++i)
        rows.x[i] = static_cast<T>(random() % 20 == 0 ? awkward[random() % awkwards] : inside(random));
    return rows;
}

const Box square{{"x", -5, 5}, {"y", -5, 5}};
constexpr const char* himmelblau = "(x^2 + y - 11)^2 + (x + y^2 - 7)^2";

std::string rosenbrock(std::size_t d) {
    return "sum(i, 0, " + std::to_string(d - 2) + ", 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)";
}

/// Mappings of this process that hold code beside its files.
std::vector<std::string> anonymous_code() {
    std::vector<std::string> found;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        std::istringstream words(line);
        std::string range, rights, offset, device, inode, file;
        words >> range >> rights >> offset >> device >> inode >> file;
        if (rights[2] == 'x' && file.empty()) found.push_back(rights);
        CHECK_FALSE((rights[1] == 'w' && rights[2] == 'x'));
    }
    return found;
}

std::size_t resident_pages() {
    std::ifstream statm("/proc/self/statm");
    std::size_t size = 0;
    std::size_t resident = 0;
    statm >> size >> resident;
    return resident;
}

/// In a process of its own, which ends with it: true when all went as it should.
bool in_child(const std::function<bool()>& check) {
    const pid_t child = fork();
    if (child == 0) {
        try {
            _exit(check() ? 0 : 1);
        } catch (...) {
            _exit(2);
        }
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// From now on no memory of the process becomes executable.
bool forbid_executable_memory() {
    sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{static_cast<unsigned short>(std::size(filter)), filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace

TEMPLATE_TEST_CASE("machine code of each operation has the bits of the interpreter", "", double, float) {
    const Points<TestType> points = awkward_points<TestType>(1);
    const std::uint32_t number = kernels::operand(kernels::constant, 0);
    for (const Opcode op : all_operations()) {
        INFO(name(op));
        const std::uint16_t variants =
            op == Opcode::twins ? kernels::twin_kind_count * kernels::twin_kind_count : 1;
        for (std::uint16_t variant = 0; variant < variants; ++variant) {
            INFO("variant " << variant);
            check_program(one_operation(op, variant, x_row, y_row, z_row), points);
            check_program(one_operation(op, variant, x_row, x_row, y_row), points);
            check_program(one_operation(op, variant, x_row, y_row, y_row), points);
            check_program(one_operation(op, variant, x_row, y_row, x_row), points);
            check_program(one_operation(op, variant, x_row, x_row, x_row), points);
            check_program(one_operation(op, variant, number, y_row, z_row), points);
            check_program(one_operation(op, variant, x_row, number, z_row), points);
            check_program(one_operation(op, variant, x_row, y_row, number), points);
            check_program(one_operation(op, variant, number, number, number), points);
            // As in a search in single precision.
            const SubnormalsAsZero<TestType> scope;
            check_program(one_operation(op, variant, x_row, y_row, z_row), points);
            check_program(one_operation(op, variant, number, y_row, z_row, 1e-40), points);
            check_program(one_operation(op, variant, x_row, number, z_row, 1e-40), points);
        }
    }
}

TEST_CASE("programs with many values at once keep little on the stack") {
    const std::uint32_t d = 5;
    const std::uint32_t registers = 5000;
    const Lowered lowered = random_program(3, 20'000, registers, d, false);
    for (const Isa isa : isas_with_code()) {
        const MachineCode code(lowered, d, isa, Precision::f64);
        Points<double> interpreted = random_points<double>(5, 48, d, registers);
        Points<double> executed = random_points<double>(5, 48, d, registers);
        interpret(lowered, isa, interpreted);
        const auto run = [](void* given) -> void* {
            const auto& [code, points] = *static_cast<std::pair<const MachineCode*, Points<double>*>*>(given);
            code->kernels().f64.evaluate(points->lanes, points->x.data(), points->f.data(), points->g.data(),
                                         points->scratch.data());
            return nullptr;
        };
        std::pair<const MachineCode*, Points<double>*> given{&code, &executed};
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        REQUIRE(pthread_attr_setstacksize(&attributes, std::size_t{128} << 10) == 0);
        pthread_t thread{};
        REQUIRE(pthread_create(&thread, &attributes, run, &given) == 0);
        pthread_join(thread, nullptr);
        pthread_attr_destroy(&attributes);
        CHECK((executed.results() == interpreted.results()));
    }
}

TEMPLATE_TEST_CASE("machine code of any program has the bits of the interpreter", "", double, float) {
    const auto seed = GENERATE(range(1, 13));
    const std::size_t lanes = seed % 3 == 0 ? 16 : seed % 3 == 1 ? 48 : 256;
    const std::uint32_t d = seed % 4 == 0 ? 1 : static_cast<std::uint32_t>(seed);
    const std::uint32_t registers = seed % 2 == 0 ? 12 : 150;
    const Lowered lowered =
        random_program(static_cast<std::uint64_t>(seed), 400, registers, d, seed % 5 == 0);
    check_program(lowered, random_points<TestType>(static_cast<std::uint64_t>(seed), lanes, d, registers));
}

TEMPLATE_TEST_CASE("a long program is executed in pieces, with the same bits", "", double, float) {
    const std::uint32_t d = 9;
    const std::uint32_t registers = 300;
    for (const std::size_t count :
         {MachineCode::most_fused - 10, MachineCode::most_fused + MachineCode::piece, std::size_t{100'000}}) {
        const Lowered lowered = random_program(count, count, registers, d, false);
        check_program(lowered, random_points<TestType>(5, 48, d, registers));
    }
}

namespace {

/// All that a stage leaves of a tile.
template <class T>
struct Stage {
    std::vector<std::uint64_t> state;
    std::size_t reached;
    bool operator==(const Stage&) const = default;
};

struct StageCase {
    std::size_t lanes, d;
    std::size_t iterations;
    double flip;
    bool fixed;
    std::size_t most_frames = kernels::most_frames;
};

/// Iterations of Adam over a tile of random runs, some of which have ended, in two parts.
template <class T>
Stage<T> run_stage(const Lowered& lowered, Isa isa, const StageCase& what, const MachineCode* code) {
    const auto [of_lanes, d, iterations, flip, fixed, most_frames] = what;
    // Lambdas below capture it, which clang 14 does not allow of a structured binding.
    const std::size_t lanes = of_lanes;
    std::mt19937_64 random(11);
    std::uniform_real_distribution<double> inside(-3, 3);
    AlignedArray<T> rows((6 * d + 7) * lanes);
    T* next = rows.data();
    const auto take = [&](std::size_t count) { return std::exchange(next, next + count * lanes); };
    std::vector<T> lower(d, T(-3)), upper(d, T(3)), scale(d, T(0.7));
    const AlignedArray<bool> is_fixed(d);
    std::fill_n(is_fixed.data(), d, false);
    if (fixed) {
        is_fixed[d - 1] = true;
        lower[d - 1] = upper[d - 1] = T(0.5);
        scale[d - 1] = 0;
    }
    kernels::Tile<T> tile{.lanes = lanes,
                          .dimension = d,
                          .x = take(d),
                          .best_x = take(d),
                          .moments = take(3 * d),
                          .g = take(d),
                          .f = take(1),
                          .best_f = take(1),
                          .best_step = take(1),
                          .steps_taken = take(1),
                          .status = take(1),
                          .slope = take(1),
                          .lower = lower.data(),
                          .upper = upper.data(),
                          .scale = scale.data(),
                          .fixed = fixed ? is_fixed.data() : nullptr,
                          .flip = static_cast<T>(flip)};
    std::fill_n(rows.data(), rows.size(), T(0));
    for (std::size_t i = 0; i < lanes; ++i) {
        for (std::size_t j = 0; j < d; ++j) {
            const bool is_held = fixed && j == d - 1;
            tile.x[j * lanes + i] = tile.best_x[j * lanes + i] =
                is_held ? T(0.5) : static_cast<T>(inside(random));
            const bool is_new = i % 3 == 0;
            tile.moments[j * lanes + i] = is_new ? T(0) : static_cast<T>(inside(random));
            for (const std::size_t row : {d + j, 2 * d + j})
                tile.moments[row * lanes + i] = is_new ? T(0) : static_cast<T>(std::abs(inside(random)));
        }
        tile.best_f[i] = random() % 3 == 0 ? T(1) : std::numeric_limits<T>::infinity();
        tile.best_step[i] = -1;
        tile.status[i] = static_cast<T>(random() % 5 == 0 ? kernels::ended : kernels::live);
    }
    std::vector<kernels::Step<T>> steps;
    for (std::size_t k = 0; k < iterations; ++k)
        steps.push_back(
            {.alpha = static_cast<T>((flip == 0 ? 0.2 : -0.2) / (1.0 + 0.1 * static_cast<double>(k))),
             .eps = T(1e-8),
             .eps_g = T(1e-3),
             .beta1 = T(0.9),
             .beta2 = T(0.999),
             .alpha_g = 0});
    const kernels::Functions<T>& functions = kernels::functions<T>(kernel_table(isa));
    const AlignedArray<T> constants = constant_rows<T>(lowered);
    const AlignedArray<T> scratch(lanes * lowered.registers);
    struct Interpreter {
        const kernels::Functions<T>& functions;
        kernels::Instructions<T> code;
        T* scratch;
        static void call(void* self, const kernels::Tile<T>& tile) noexcept {
            const auto& it = *static_cast<const Interpreter*>(self);
            it.functions.interpret(it.code, tile.lanes, tile.x, it.scratch, tile.f, tile.g);
        }
    } interpreter{functions,
                  {lowered.instructions.data(), lowered.instructions.size(), constants.data()},
                  scratch.data()};
    AlignedArray<T> memory(0);
    if (code != nullptr) memory = AlignedArray<T>(kernels::functions<T>(code->kernels()).memory);
    std::size_t reached = 0;
    const SubnormalsAsZero<T> scope;
    for (const std::size_t last : {iterations / 3, iterations}) {
        if (code != nullptr) {
            kernels::NativeFunctions<T> native = kernels::functions<T>(code->kernels());
            native.frames = std::min(native.frames, most_frames);
            reached = native.advance_adam(native, tile, steps.data(), reached, last, memory.data());
        } else {
            reached = functions.advance[kernels::adam](tile, steps.data(), reached, last,
                                                       {&Interpreter::call, &interpreter});
        }
        if (reached < last) break;
    }
    Stage<T> stage{{}, reached};
    const auto keep = [&](const T* row, std::size_t count, auto counts) {
        for (std::size_t i = 0; i < count * lanes; ++i)
            if (counts(i % lanes)) stage.state.push_back(bits(row[i]));
    };
    const auto any = [](std::size_t) { return true; };
    const auto is_live = [&](std::size_t lane) { return tile.status[lane] == T(kernels::live); };
    keep(tile.x, d, any);
    keep(tile.best_x, d, any);
    keep(tile.moments, fixed ? 0 : 3 * d, is_live);  // of other lanes, and fixed variables, they mean nothing
    for (const T* row : {tile.best_f, tile.best_step, tile.steps_taken, tile.status}) keep(row, 1, any);
    return stage;
}

}  // namespace

TEMPLATE_TEST_CASE("Adam's iterations by machine code have the bits of the kernels'", "", double, float) {
    const auto check = [](const std::string& text, const StageCase& what) {
        const Box box{{"x", -3, 3, what.d}};
        const Expression objective(text, box);
        const Lowered& lowered = objective.code().runnable.lowered();
        for (const Isa isa : isas_with_code()) {
            for (const machine::Roots roots : {machine::Roots::by_divider, machine::Roots::by_newton}) {
                const MachineCode code(lowered, what.d, isa, precision<TestType>, roots);
                INFO(text << " on " << isa_name(isa) << ", " << what.lanes << " lanes, d " << what.d
                          << (what.fixed ? ", fixed" : "")
                          << (std::signbit(what.flip) ? ", maximising" : ""));
                CHECK((run_stage<TestType>(lowered, isa, what, &code) ==
                       run_stage<TestType>(lowered, isa, what, nullptr)));
            }
        }
    };
    for (const std::size_t lanes : {16, 48, 144}) {
        for (const double flip : {0.0, -0.0}) {
            for (const bool fixed : {false, true}) {
                for (const std::size_t d : {1, 2, 3, 7, 40}) {
                    check("sum(i, 0, n(x)-1, (x[i] - 0.1*i)^2 + cos(9*x[i]))", {lanes, d, 40, flip, fixed});
                    // Runs that break, at their start and on the way.
                    check("sum(i, 0, n(x)-1, x[i]^2) + log(x[0] + 2)*sqrt(2.9 - x[0])",
                          {lanes, d, 40, flip, fixed});
                }
                check("log(x[0] - 4)", {lanes, 1, 9, flip, false});  // all of them, at once
                // Far arguments, and calls where registers are short.
                check("sum(i, 0, n(x)-1, sin(1e5*x[i]) + cos(1e5*x[i])*x[i]^2)", {lanes, 40, 9, flip, fixed});
                check("sum(i, 0, n(x)-1, atan2(x[i], 2) + (x[i] + 4)^(x[0] + 4))",
                      {lanes, 40, 9, flip, fixed});
                // Moments that stay 0, and that overflow.
                check("x[0]^2 + 0*x[1]", {lanes, 2, 9, flip, false});
                check("x[0]^2 + 1e170*x[1]^3", {lanes, 2, 9, flip, false});
                for (const std::size_t most_frames : {1, 2, 3, 5})
                    check("sum(i, 0, n(x)-1, x[i]^4) + log(x[0] + 2)",
                          {lanes, 3, 40, flip, fixed, most_frames});
                check("1/(x[0]*0) + x[1]", {lanes, 2, 9, flip, fixed});
            }
        }
    }
}

TEST_CASE("machine code of formulas has the bits of the interpreter, whatever points") {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        const std::string text = test::as_text(test::random_formula(seed, 120, false));
        INFO(text);
        const Expression program(text, test::formula_box(), test::formula_parameters());
        const Lowered& lowered = program.code().runnable.lowered();
        check_program(lowered, random_points<double>(seed, 64, program.dimension(), 0));
        check_program(lowered, random_points<float>(seed, 64, program.dimension(), 0));
    }
}

TEST_CASE("a search comes to the same bits compiled or not") {
    if (!machine::has_machine_code(choose_isa())) return;
    Options options{.starts = 300, .iterations = 150};
    const auto search = [&](const std::string& text, const Box& box, Jit jit) {
        options.jit = jit;
        const Result result = minimize(text, box, options);
        CHECK(result.native == (jit != Jit::off));
        return bits_of(result);
    };
    const Box ten{{"x", -5, 5, 10}};
    for (const bool maximize : {false, true}) {
        for (const Precision in : {Precision::f64, Precision::f32}) {
            options.maximize = maximize;
            options.precision = in;
            CHECK(search(himmelblau, square, Jit::on) == search(himmelblau, square, Jit::off));
            CHECK(search(rosenbrock(10), ten, Jit::automatic) == search(rosenbrock(10), ten, Jit::off));
        }
    }
    options.rule.method = Method::nadam;
    CHECK(search(himmelblau, square, Jit::on) == search(himmelblau, square, Jit::off));
}

TEST_CASE("what is little work is interpreted, what is more is compiled first") {
    if (!machine::has_machine_code(choose_isa())) return;
    CHECK_FALSE(minimize(himmelblau, square, {.starts = 1, .iterations = 50, .polish = false}).native);
    CHECK(minimize(himmelblau, square, {.starts = 1000, .iterations = 100}).native);
    const Expression program(himmelblau, square);
    const std::vector<std::vector<double>> few(10, {1.0, 2.0});
    evaluate(program, few);
    CHECK(program.native(choose_isa(), Precision::f64) == nullptr);
    const std::vector<std::vector<double>> many(100'000, {1.0, 2.0});
    evaluate(program, many);
    CHECK(program.native(choose_isa(), Precision::f64) != nullptr);
    const CodeReport report = program.machine_code(choose_isa(), Precision::f64);
    CHECK(report.bytes > 500);
    CHECK(report.bytes < 20'000);
    CHECK(report.seconds > 0);
    CHECK(report.why_not.empty());
}

TEST_CASE("a search that is resumed is compiled for what is left of it") {
    if (!machine::has_machine_code(choose_isa())) return;
    Options options{.starts = 1000, .iterations = 2000, .polish = false, .threads = 1};
    std::string state;
    options.checkpoint = [&](std::string_view now) { state = now; };
    options.checkpoint_every = 0;
    options.stop = [&] { return !state.empty(); };
    minimize(Expression(himmelblau, square), square, options);
    REQUIRE_FALSE(state.empty());
    options.checkpoint = {};
    options.stop = {};
    CHECK(resume(state, Expression(himmelblau, square), square, options).native);
}

TEST_CASE("machine code takes memory in proportion to the program, and gives it back", "[memory]") {
    if (isas_with_code().empty()) return;
    const Isa isa = isas_with_code().back();
    const std::size_t mappings = anonymous_code().size();
    const std::string text = rosenbrock(10);
    const Box box{{"x", -5, 5, 10}};
    const auto make = [&](int count) {
        for (int i = 0; i < count; ++i) {
            const Expression program(text, box);
            program.compile(isa, Precision::f64);
        }
    };
    make(100);
    const std::size_t before = resident_pages();
    make(1000);
    CHECK(resident_pages() < before + 64);
    CHECK(anonymous_code().size() == mappings);

    const Expression kept(text, box);
    kept.compile(isa, Precision::f64);
    REQUIRE(anonymous_code().size() == mappings + 1);
    CHECK(anonymous_code().back() == "r-xp");

    for (const std::size_t count : {1000, 10'000, 100'000, 400'000}) {
        const MachineCode code(random_program(1, count, 100, 5, false), 5, isa, Precision::f64);
        CHECK(code.bytes() < 100 * count);
    }
}

TEST_CASE("threads may make programs, and have one made, at once") {
    if (!machine::has_machine_code(choose_isa())) return;
    const Box box{{"x", -5, 5, 10}};
    const Expression shared(rosenbrock(10), box);
    const std::vector<double> x(10, 0.5);
    const Evaluation expected = evaluate(shared, x);
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 20; ++i) {
                shared.compile_for(1000, choose_isa(), Precision::f64);
                const Expression own(rosenbrock(10), box);
                own.compile(choose_isa(), Precision::f64);
                for (const Expression* program : {&shared, &own}) {
                    const Evaluation at = evaluate(*program, x);
                    if (at.f != expected.f || at.gradient != expected.gradient) ++wrong;
                }
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == 0);
    CHECK(shared.native(choose_isa(), Precision::f64) != nullptr);
}

TEST_CASE("where the system refuses executable memory a program is interpreted, and it is said why") {
    if (!machine::has_machine_code(choose_isa())) return;
    const Options options{.starts = 500, .iterations = 100, .threads = 1};
    const std::string expected = bits_of(minimize(himmelblau, square, options));
    CHECK(in_child([&] {
        if (!forbid_executable_memory()) return false;
        const Expression program(himmelblau, square);
        const Result result = minimize(program, square, options);
        if (result.native || bits_of(result) != expected) return false;
        const std::string why = program.machine_code(choose_isa(), Precision::f64).why_not;
        if (why.find("executable") == std::string::npos) return false;
        Options on = options;
        on.jit = Jit::on;
        try {
            minimize(program, square, on);
        } catch (const std::runtime_error& refused) {
            return refused.what() == "jit: " + why;
        }
        return false;
    }));
}

TEST_CASE("perf is told of machine code where that is asked for") {
    if (!machine::has_machine_code(choose_isa())) return;
    const std::string file = "/tmp/perf-" + std::to_string(getpid()) + ".map";
    const auto content = [&] {
        std::ifstream in(file);
        return std::string(std::istreambuf_iterator<char>(in), {});
    };
    const Expression silent(himmelblau, square);
    silent.compile(choose_isa(), Precision::f64);
    CHECK(content().empty());
    setenv("LANEWISE_PERF_MAP", "1", 1);
    const Expression told(himmelblau, square);
    told.compile(choose_isa(), Precision::f64);
    unsetenv("LANEWISE_PERF_MAP");
    CHECK_THAT(content(), ContainsSubstring(" lanewise_program\n"));
    std::remove(file.c_str());

    // Nothing is written where a link, or what is no file, has the name.
    const test::Folder folder;
    const std::string target = (folder.path() / "target").string();
    std::ofstream(target) << "before";
    setenv("LANEWISE_PERF_MAP", "1", 1);
    REQUIRE(symlink(target.c_str(), file.c_str()) == 0);
    Expression(himmelblau, square).compile(choose_isa(), Precision::f64);
    CHECK(std::filesystem::file_size(target) == 6);
    std::remove(file.c_str());
    REQUIRE(mkfifo(file.c_str(), 0600) == 0);
    Expression(himmelblau, square).compile(choose_isa(), Precision::f64);
    std::remove(file.c_str());
    unsetenv("LANEWISE_PERF_MAP");
}

TEST_CASE("a shared object with lanewise in it makes machine code") {
    if (!machine::has_machine_code(choose_isa())) return;
    void* const module = dlopen(LANEWISE_MODULE, RTLD_NOW | RTLD_LOCAL);
    INFO((module == nullptr ? dlerror() : ""));
    REQUIRE(module != nullptr);
    const auto value = reinterpret_cast<double (*)(double)>(dlsym(module, "value_by_machine_code"));
    REQUIRE(value != nullptr);
    CHECK(value(0) == 1);
    CHECK(value(2) == evaluate(Expression("x^2 + exp(x)", Box{{"x", -10, 10}}), std::vector<double>{2}).f);
    dlclose(module);
}

TEST_CASE("there is no machine code for an instruction set without fused multiply-add") {
    if (!isa_available(Isa::sse2)) return;
    const Expression program(himmelblau, square);
    CHECK_THROWS_WITH(program.compile(Isa::sse2, Precision::f64), "jit: there is no machine code for sse2");
    CHECK_FALSE(minimize(program, square, {.starts = 1000, .isa = Isa::sse2}).native);
}
