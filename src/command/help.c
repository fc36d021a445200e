#include "command/help.h"

#include "command/where.h"

static void put_option(FILE *out, const struct option_spec *option)
{
    char text[64];
    int width;

    width = snprintf(text, sizeof(text), "--%s%s%s", option->name,
                     option->argument && !option_value_is_optional(option) ? " " : "",
                     option->argument ? option->argument : "");
    if (option->letter)
        fprintf(out, "  -%c, %-24s", option->letter, text);
    else
        fprintf(out, "      %-24s", text);
    fprintf(out, "%s%s\n", width > 23 ? " " : "", option->help);
}

void help_program(FILE *out)
{
    fputs("Usage: shmtool [-N NS | -A | --sysroot DIR] COMMAND [OPTION]... [ARG]...\n"
          "       shmtool --help | --version | help [COMMAND]\n"
          "\n"
          "Shows, explains and safely cleans System V shared memory.\n"
          "\n"
          "Commands:\n",
          out);
    for (size_t i = 0; commands[i]; i++)
        fprintf(out, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
    fprintf(out, "\n%s (before the command, or among its options):\n", where_group.title);
    for (size_t i = 0; i < where_group.count; i++)
        put_option(out, &where_group.options[i]);
    fputs("\n"
          "Options:\n"
          "  -h, --help                  show this help\n"
          "  -V, --version               show the version\n"
          "\n"
          "'shmtool COMMAND --help' shows a command's options.\n",
          out);
}

void help_version(FILE *out)
{
    fputs("shmtool " SHMTOOL_VERSION "\n", out);
}

void help_command(FILE *out, const struct command *command)
{
    static const struct option_spec help_option = {
        .letter = 'h', .name = "help", .help = "show this help"};

    for (size_t i = 0; i < COMMAND_SYNOPSES && command->synopsis[i]; i++)
        fprintf(out, "%s shmtool %s %s\n", i == 0 ? "Usage:" : "      ", command->name,
                command->synopsis[i]);
    fprintf(out, "\n%c%s.\n", command->summary[0] - 32, command->summary + 1);
    if (command->details)
        fprintf(out, "%s\n", command->details);
    for (size_t i = 0; i < COMMAND_GROUPS && command->groups[i].group; i++) {
        const struct option_group *group = command->groups[i].group;

        fprintf(out, "\n%s:\n", group->title);
        for (size_t k = 0; k < group->count; k++)
            put_option(out, &group->options[k]);
    }
    fputc('\n', out);
    put_option(out, &help_option);
    if (!(command->flags & COMMAND_NO_NAMESPACE))
        fprintf(out, "\nWhere to look: -N NS%s%s; see 'shmtool --help'.\n",
                command->flags & COMMAND_EVERYWHERE ? ", -A" : "",
                command->flags & (COMMAND_CHANGES | COMMAND_WAITS | COMMAND_CAPTURES)
                    ? ""
                    : ", --sysroot DIR");
    fputs("\nExamples:\n", out);
    for (size_t i = 0; i < COMMAND_EXAMPLES; i++)
        fprintf(out, "  shmtool %s\n      %s\n", command->examples[i].line,
                command->examples[i].does);
}
