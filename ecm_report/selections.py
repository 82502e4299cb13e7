def selection_of(model, name):
    """The choices of another model's field, as a report shows them: modules add some.

    :return: what a Selection takes in place of a list
    """
    return lambda report: report.env[model]._fields[name]._description_selection(report.env)
