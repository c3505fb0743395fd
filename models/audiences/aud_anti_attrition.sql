{{ audience_of('anti_attrition') }}
