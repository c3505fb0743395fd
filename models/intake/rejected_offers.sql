{{ config(materialized='table') }}

{{ rejected_rows(
    'offers',
    accepted={
        'offer_type': ['coupon', 'voucher', 'exclusive_promotion', 'gift', 'free_delivery'],
    },
    not_negative=['face_value_amount'],
    ranges=[['valid_from', 'valid_to']],
) }}
