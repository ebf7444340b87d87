UPDATE {qualified} AS held SET ({columns}) = ({stage_columns}) FROM {stage} AS staged WHERE {same_key}
